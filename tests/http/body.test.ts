import { describe, expect, test } from "bun:test";
import { readChunks } from "../../src/http/body.ts";
import { RegistryError } from "../../src/oci/errors.ts";
import { openBody } from "./open-body.ts";

const never = new AbortController().signal;
const anyRate = { bytesPerSecond: 0, windowMs: 1000 };

/** The texts of the chunks, and the code of the refusal or the error at their end. */
async function collect(chunks: AsyncIterable<Uint8Array>): Promise<unknown[]> {
  const seen: unknown[] = [];
  try {
    for await (const chunk of chunks) seen.push(new TextDecoder().decode(chunk));
  } catch (error) {
    seen.push(error instanceof RegistryError ? error.code : error);
  }
  return seen;
}

const after = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe("readChunks()", () => {
  test("gives the chunks in order", async () => {
    const body = openBody();
    for (const text of ["a", "b", "c"]) body.send(text);
    body.end();
    expect(await collect(readChunks(body.stream, { stallMs: 60_000, rate: anyRate, signal: never }))).toEqual([
      "a",
      "b",
      "c",
    ]);
  });

  test("gives nothing for no body", async () => {
    expect(await collect(readChunks(null, { stallMs: 60_000, rate: anyRate, signal: never }))).toEqual([]);
  });

  test("ends a body that stalls, after what came before", async () => {
    const body = openBody();
    body.send("a");
    expect([
      await collect(readChunks(body.stream, { stallMs: 20, rate: anyRate, signal: never })),
      body.isCancelled(),
      body.stream.locked,
    ]).toEqual([["a", "UPLOAD_STALLED"], true, false]);
  });

  test("tells the client of a stalled body to close the connection", async () => {
    const chunks = readChunks(openBody().stream, { stallMs: 20, rate: anyRate, signal: never });
    const error = await chunks.next().catch((reason: unknown) => reason);
    expect(error instanceof RegistryError ? error.refusal.headers : error).toEqual({ Connection: "close" });
  });

  test("does not take a body for stalled that comes slowly", async () => {
    const body = openBody();
    const feed = async () => {
      for (const text of ["a", "b", "c", "d"]) {
        await after(40);
        body.send(text);
      }
      body.end();
    };
    const fed = feed();
    expect(await collect(readChunks(body.stream, { stallMs: 100, rate: anyRate, signal: never }))).toEqual([
      "a",
      "b",
      "c",
      "d",
    ]);
    await fed;
  });

  test("does not count the time that the reader takes", async () => {
    const body = openBody();
    body.send("a");
    const seen: string[] = [];
    for await (const chunk of readChunks(body.stream, { stallMs: 100, rate: anyRate, signal: never })) {
      seen.push(new TextDecoder().decode(chunk));
      if (seen.length === 2) break;
      await after(250);
      void after(30).then(() => body.send("b"));
    }
    expect(seen).toEqual(["a", "b"]);
  });

  test("ends in silence on the signal, also while it waits", async () => {
    const body = openBody();
    const controller = new AbortController();
    body.send("a");
    const collected = collect(readChunks(body.stream, { stallMs: 60_000, rate: anyRate, signal: controller.signal }));
    await after(1);
    controller.abort();
    expect([await collected, body.isCancelled()]).toEqual([["a"], true]);
  });

  test("gives nothing when the signal was there before", async () => {
    const body = openBody();
    body.send("a");
    expect(
      await collect(readChunks(body.stream, { stallMs: 60_000, rate: anyRate, signal: AbortSignal.abort() })),
    ).toEqual([]);
  });

  test("passes a broken connection on", async () => {
    const body = openBody();
    const gone = new DOMException("The operation was aborted.", "AbortError");
    const collected = collect(readChunks(body.stream, { stallMs: 60_000, rate: anyRate, signal: never }));
    body.send("a");
    await after(1);
    body.fail(gone);
    expect(await collected).toEqual(["a", gone]);
  });

  test("refuses a body of next to nothing in very many chunks", async () => {
    const body = openBody();
    for (let count = 0; count < 10_002; count += 1) body.send(count < 5 ? "x".repeat(100) : "x");
    const seen = await collect(readChunks(body.stream, { stallMs: 60_000, rate: anyRate, signal: never }));
    expect([seen.length, seen.at(-1)]).toEqual([10_001, "REQUEST_INVALID"]);
  });

  test("takes any number of chunks that hold something", async () => {
    const body = openBody();
    for (let count = 0; count < 12_000; count += 1) body.send(count % 100 === 0 ? "x".repeat(4000) : "x");
    body.end();
    expect((await collect(readChunks(body.stream, { stallMs: 60_000, rate: anyRate, signal: never }))).length).toBe(
      12_000,
    );
  });

  test.each([
    [1_000_000, "UPLOAD_STALLED"],
    [0, "end"],
  ])("of a body that drips, where %p bytes per second are the least: %s", async (bytesPerSecond, want) => {
    const body = openBody();
    const rate = { bytesPerSecond, windowMs: 30 };
    const collected = collect(readChunks(body.stream, { stallMs: 60_000, rate, signal: never }));
    let count = 0;
    const dripping = setInterval(() => {
      count += 1;
      body.send("x");
      if (count === 20) body.send("end");
      if (count === 20) body.end();
    }, 5);
    const seen = await collected;
    clearInterval(dripping);
    expect(seen.at(-1)).toBe(want);
  });
});
