import { describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { RegistryError } from "../../src/oci/errors.ts";
import { hashBytes, startHash } from "../../src/oci/hash.ts";
import { type BlobSource, keptBackBytes, passThrough, receiveBlob } from "../../src/proxy/receive.ts";
import { codeOf } from "./caching.ts";

const blob = new Uint8Array(randomBytes(200_000));
const digest = hashBytes(blob, "sha256");
const signal = new AbortController().signal;

/** Answers each opening with what the next function gives. */
function sourceOf(
  openings: readonly ((offset: number) => Awaited<ReturnType<BlobSource["open"]>>)[],
  expectedBytes?: number,
): BlobSource & { readonly offsets: number[] } {
  const offsets: number[] = [];
  return {
    host: "up.example",
    upstream: "https://up.example/",
    digest,
    expectedBytes,
    pauseMs: 1,
    wrong: (how) => new RegistryError("UPSTREAM_INVALID", { message: how }),
    open: async ({ offset }) => {
      offsets.push(offset);
      const opening = openings[offsets.length - 1];
      if (opening === undefined) throw new RegistryError("UPSTREAM_UNREACHABLE");
      return opening(offset);
    },
    offsets,
  };
}

async function* chunksOf(bytes: Uint8Array, error?: RegistryError): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += 30_000) yield bytes.subarray(start, start + 30_000);
  if (error !== undefined) throw error;
}

const from = (bytes: Uint8Array, cutAt?: number) => (offset: number) => ({
  startBytes: offset,
  totalBytes: bytes.length,
  chunks: chunksOf(
    bytes.subarray(offset, cutAt),
    cutAt === undefined ? undefined : new RegistryError("UPSTREAM_TIMEOUT"),
  ),
});

async function collect(chunks: AsyncIterable<Uint8Array>) {
  const all: Uint8Array[] = [];
  try {
    for await (const chunk of chunks) all.push(chunk);
    return { bytes: Buffer.concat(all), code: undefined };
  } catch (error) {
    return { bytes: Buffer.concat(all), code: codeOf(error) };
  }
}

const receive = (source: BlobSource, offset = 0) =>
  collect(receiveBlob(source, { offset, signal, onTotal: () => undefined }));

describe("receiveBlob()", () => {
  test("goes on where it broke off", async () => {
    const source = sourceOf([from(blob, 90_000), from(blob, 150_000), from(blob)]);
    const { bytes, code } = await receive(source);
    expect([bytes.equals(blob), code, source.offsets]).toEqual([true, undefined, [0, 90_000, 150_000]]);
  });

  test("skips what it has where the upstream begins anew", async () => {
    const anew = () => ({ startBytes: 0, totalBytes: blob.length, chunks: chunksOf(blob) });
    const { bytes } = await receive(sourceOf([from(blob, 90_000), anew]));
    expect(bytes.equals(blob)).toBe(true);
  });

  test("gives up after some failures in a row without a byte", async () => {
    const source = sourceOf([from(blob, 90_000)]);
    const { bytes, code } = await receive(source);
    expect([bytes.length, code, source.offsets.length]).toEqual([90_000, "UPSTREAM_UNREACHABLE", 4]);
  });

  test("does not wait again for an upstream that did not say a word", async () => {
    const silent = () => {
      throw new RegistryError("UPSTREAM_TIMEOUT");
    };
    const [first, later] = [sourceOf([silent, from(blob)]), sourceOf([from(blob, 90_000), silent, from(blob)])];
    expect([(await receive(first)).code, (await receive(later)).bytes.equals(blob)]).toEqual([
      "UPSTREAM_TIMEOUT",
      true,
    ]);
  });

  /** Without a length, and 90,000 bytes of it. */
  const ending = (startBytes: number) => ({
    startBytes,
    totalBytes: undefined,
    chunks: chunksOf(blob.subarray(startBytes, 90_000)),
  });

  test.each<[string, BlobSource, string]>([
    ["is announced longer", sourceOf([from(blob)], 199_999), "UPSTREAM_INVALID"],
    ["is announced shorter", sourceOf([from(blob)], 200_001), "UPSTREAM_INVALID"],
    [
      "goes on beyond what a manifest says",
      sourceOf([() => ({ startBytes: 0, totalBytes: undefined, chunks: chunksOf(blob) })], 100_000),
      "UPSTREAM_INVALID",
    ],
    ["ends too early, whenever it is asked for", sourceOf(Array(4).fill(ending), blob.length), "UPSTREAM_INVALID"],
    ["is not there", sourceOf([() => undefined]), "BLOB_UNKNOWN"],
  ])("refuses a blob that %s", async (_how, source, code) => {
    expect((await receive(source)).code).toBe(code);
  });

  test("asks for nothing where all is there already", async () => {
    const source = sourceOf([], blob.length);
    expect([(await receive(source, blob.length)).bytes.length, source.offsets]).toEqual([0, []]);
  });
});

describe("passThrough()", () => {
  const pass = (source: BlobSource, range?: { start: number; end: number }, hash = startHash("sha256")) =>
    collect(passThrough(source, { range, hash, signal }));

  test.each([
    [undefined, 0, blob.length],
    [{ start: 1000, end: 150_000 }, 1000, 150_000],
    [{ start: 199_999, end: 200_000 }, 199_999, 200_000],
  ])("delivers the range %p", async (range, start, end) => {
    const { bytes, code } = await pass(sourceOf([from(blob)]), range);
    expect([bytes.equals(blob.subarray(start, end)), code]).toEqual([true, undefined]);
  });

  test("goes on behind what the reader has from elsewhere", async () => {
    const hash = startHash("sha256");
    hash.update(blob.subarray(0, 50_000));
    const source = sourceOf([from(blob)]);
    const { bytes } = await pass(source, undefined, hash);
    expect([bytes.equals(blob.subarray(50_000)), source.offsets]).toEqual([true, [50_000]]);
  });

  test("keeps the last bytes of a wrong blob back", async () => {
    const other = new Uint8Array(blob.length);
    const { bytes, code } = await pass(sourceOf([from(other)]));
    expect([bytes.length <= blob.length - keptBackBytes, code]).toEqual([true, "UPSTREAM_INVALID"]);
  });
});
