import { describe, expect, test } from "bun:test";
import type { BlobSource } from "../../src/client/receive.ts";
import { startHash } from "../../src/oci/hash.ts";
import { heldBackBytes, passThrough } from "../../src/proxy/pass-through.ts";
import { blob, collect, from, sourceOf } from "./blob-source.ts";

describe("passThrough()", () => {
  const pass = (source: BlobSource, range?: { start: number; end: number }, hash = startHash("sha256")) =>
    collect(passThrough(source, { range, hash }));

  test.each([
    [undefined, 0, blob.length],
    [{ start: 1000, end: 150_000 }, 1000, 150_000],
    [{ start: 199_999, end: 200_000 }, 199_999, 200_000],
  ])("delivers the range %p", async (range, start, end) => {
    const { bytes, code } = await pass(sourceOf([from(blob)]), range);
    expect([bytes.equals(blob.subarray(start, end)), code]).toEqual([true, undefined]);
  });

  test("continues after what the reader has from elsewhere", async () => {
    const hash = startHash("sha256");
    hash.update(blob.subarray(0, 50_000));
    const source = sourceOf([from(blob)]);
    const { bytes } = await pass(source, undefined, hash);
    expect([bytes.equals(blob.subarray(50_000)), source.offsets]).toEqual([true, [50_000]]);
  });

  test("keeps the last bytes of a wrong blob back", async () => {
    const other = new Uint8Array(blob.length);
    const { bytes, code } = await pass(sourceOf([from(other)]));
    expect([bytes.length <= blob.length - heldBackBytes, code]).toEqual([true, "UPSTREAM_INVALID"]);
  });
});
