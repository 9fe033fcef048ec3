import { expect, test } from "bun:test";
import { hashBytes, hashInTurns, startHash } from "../../src/oci/hash.ts";

const bytes = new TextEncoder().encode("hello world");
const sha256 = "sha256:b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9";

test("hashBytes() gives the digest of the bytes", () => {
  expect(hashBytes(bytes, "sha256")).toEqual(sha256 as never);
});

test.each(["sha256", "sha512"] as const)("a running %s hash goes on after digest()", (algorithm) => {
  const hash = startHash(algorithm);
  hash.update(bytes.subarray(0, 5));
  const halfway = hash.digest();
  hash.update(bytes.subarray(5));
  expect([halfway, hash.digest(), hash.sizeBytes]).toEqual([
    hashBytes(bytes.subarray(0, 5), algorithm),
    hashBytes(bytes, algorithm),
    bytes.length,
  ]);
});

test.each(["sha256", "sha512"] as const)("hashInTurns() is hashBytes() for %s, however long", async (algorithm) => {
  for (const length of [0, 1, 256 * 1024, 256 * 1024 + 1, 1_000_000]) {
    const long = new Uint8Array(length).fill(7);
    expect(await hashInTurns(long, algorithm)).toBe(hashBytes(long, algorithm));
  }
});
