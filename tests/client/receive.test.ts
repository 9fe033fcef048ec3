import { describe, expect, test } from "bun:test";
import { type BlobSource, receiveBlob } from "../../src/client/receive.ts";
import { RegistryError } from "../../src/oci/errors.ts";
import { blob, chunksOf, collect, from, sourceOf } from "../proxy/blob-source.ts";

const signal = new AbortController().signal;

const receive = (source: BlobSource, offset = 0) =>
  collect(receiveBlob(source, { offset, signal, onTotal: () => undefined }));

describe("receiveBlob()", () => {
  test("resumes where it broke off", async () => {
    const source = sourceOf([from(blob, 90_000), from(blob, 150_000), from(blob)]);
    const { bytes, code } = await receive(source);
    expect([bytes.equals(blob), code, source.offsets]).toEqual([true, undefined, [0, 90_000, 150_000]]);
  });

  test("skips what it has where the upstream starts over", async () => {
    const startOver = () => ({ startBytes: 0, totalBytes: blob.length, chunks: chunksOf(blob) });
    const { bytes } = await receive(sourceOf([from(blob, 90_000), startOver]));
    expect(bytes.equals(blob)).toBe(true);
  });

  test("stops after some failures in a row without a byte", async () => {
    const source = sourceOf([from(blob, 90_000)]);
    const { bytes, code } = await receive(source);
    expect([bytes.length, code, source.offsets.length]).toEqual([90_000, "UPSTREAM_UNREACHABLE", 4]);
  });

  test("does not wait again for an upstream that never answered", async () => {
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
      "continues beyond the size that a manifest gives",
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

describe("the least rate", () => {
  // Far more than a byte each 2 ms, and far less than whole chunks, even if the machine stops for a second before each.
  const leastRate = { bytesPerSecond: 5000, windowMs: 250 };
  const dripping = (offset: number) => ({
    startBytes: offset,
    totalBytes: blob.length,
    chunks: (async function* () {
      for (let position = offset; position < blob.length; position += 1) {
        if (position > offset) await new Promise((resolve) => setTimeout(resolve, 2));
        yield blob.subarray(position, position + 1);
      }
    })(),
  });

  test("ends a blob that trickles twice", async () => {
    const source = { ...sourceOf([dripping, dripping, from(blob)]), leastRate };
    const { bytes, code } = await receive(source);
    expect([bytes.length > 0, bytes.length < 1000, code, source.offsets.length]).toEqual([
      true,
      true,
      "UPSTREAM_TIMEOUT",
      2,
    ]);
  });

  test("resumes one that trickles once on a new connection", async () => {
    const source = { ...sourceOf([dripping, from(blob)]), leastRate };
    const { bytes, code } = await receive(source);
    expect([bytes.equals(blob), code, source.offsets.length, (source.offsets[1] ?? 0) > 0]).toEqual([
      true,
      undefined,
      2,
      true,
    ]);
  });

  test("does not count the time that the reader takes", async () => {
    const source = { ...sourceOf([from(blob)]), leastRate };
    let sizeBytes = 0;
    for await (const chunk of receiveBlob(source, { offset: 0, signal, onTotal: () => undefined })) {
      sizeBytes += chunk.length;
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    expect([sizeBytes, source.offsets]).toEqual([blob.length, [0]]);
  });
});

describe("the answer of an attempt", () => {
  test.each<[string, ReturnType<typeof sourceOf>]>([
    ["that was read to its end", sourceOf([from(blob)])],
    ["that broke off", sourceOf([from(blob, 90_000)])],
    ["of another size than it should have, of which nothing was read", sourceOf([from(blob)], 100)],
  ])("%s is abandoned", async (_how, source) => {
    await receive(source);
    expect([source.signals.length > 0, source.signals.every(({ aborted }) => aborted)]).toEqual([true, true]);
  });

  test("that the reader left is abandoned", async () => {
    const source = sourceOf([from(blob)]);
    for await (const _chunk of receiveBlob(source, { offset: 0, signal, onTotal: () => undefined })) break;
    expect(source.signals.map(({ aborted }) => aborted)).toEqual([true]);
  });

  test("is not asked for again by a download that is abandoned during a pause", async () => {
    const abort = new AbortController();
    const source = { ...sourceOf([from(blob, 90_000), from(blob)]), pauseMs: 60_000 };
    const receiving = collect(receiveBlob(source, { offset: 0, signal: abort.signal, onTotal: () => undefined }));
    while (source.signals[0]?.aborted !== true) await new Promise(setImmediate);
    abort.abort();
    expect([(await receiving).code, source.offsets]).toEqual(["UPSTREAM_TIMEOUT", [0]]);
  });
});
