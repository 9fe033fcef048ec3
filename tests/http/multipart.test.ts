import { expect, test } from "bun:test";
import fc from "fast-check";
import { cutPieces, formatParts, readPieces } from "../../src/http/multipart.ts";
import { parseRanges } from "../../src/http/range.ts";
import { contentOf } from "../../src/lib/content.ts";
import { partsOf } from "./parts.ts";

const bytes = Uint8Array.from({ length: 40 }, (_, index) => index);
const whole = { sizeBytes: bytes.length, contentType: "application/octet-stream", boundary: "b0-b1" };
const headers = { "Content-Type": `multipart/byteranges; boundary=${whole.boundary}` };

/** The content in chunks of these lengths, from a byte on. */
async function* chunksOf(start: number, end: number, lengths: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = start, turn = 0; at < end; turn += 1) {
    const next = Math.min(end, at + (lengths[turn % lengths.length] ?? 1));
    yield bytes.subarray(at, next);
    at = next;
  }
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Response> {
  return new Response(Buffer.concat(await Array.fromAsync(chunks)), { headers });
}

test("each part comes with the place of its bytes, of content that is stored and of content that arrives", async () => {
  const pair = fc.tuple(fc.nat(50), fc.nat(50));
  const lengths = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(fc.array(pair, { minLength: 1, maxLength: 6 }), lengths, async (pairs, turns) => {
      const header = `bytes=${pairs.map(([first, last]) => `${first}-${last}`).join(",")}`;
      const parsed = parseRanges(header, bytes.length);
      if (parsed === undefined || parsed === "unsatisfiable") return;
      const want = (ranges: typeof parsed) =>
        ranges.map(({ start, end }) => [
          `bytes ${start}-${end - 1}/${bytes.length}`,
          Buffer.from(bytes.subarray(start, end)).toString("latin1"),
        ]);
      const stored = await collect(formatParts(parsed, readPieces(contentOf(new Blob([bytes])), parsed), whole));
      expect(await partsOf(stored)).toEqual(want(parsed) as [string, string][]);
      const rising = parsed.toSorted((one, other) => one.start - other.start);
      const span = chunksOf(rising[0]?.start ?? 0, rising.at(-1)?.end ?? 0, turns);
      const arrived = await collect(formatParts(rising, cutPieces(span, rising), whole));
      expect(await partsOf(arrived)).toEqual(want(rising) as [string, string][]);
    }),
  );
});

test.each([
  ["stored", readPieces(contentOf(new Blob([bytes.subarray(0, 5)])), [{ start: 3, end: 8 }])],
  ["on its way", cutPieces(chunksOf(3, 5, [1]), [{ start: 3, end: 8 }])],
])("content that is %s and ends too early breaks off", async (_kind, pieces) => {
  const outcome = await collect(formatParts([{ start: 3, end: 8 }], pieces, whole)).catch(String);
  expect(outcome).toContain("shorter than announced");
});
