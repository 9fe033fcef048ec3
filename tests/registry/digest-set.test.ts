import { expect, test } from "bun:test";
import fc from "fast-check";
import { type Digest, formatDigest } from "../../src/oci/digest.ts";
import { DigestSet } from "../../src/registry/digest-set.ts";
import { digestOf } from "./stocked.ts";

test("DigestSet has what was added, counts it once, and has nothing else", () => {
  const set = new DigestSet();
  const digests = Array.from({ length: 5000 }, (_, index) => digestOf(`content ${index}`));
  for (const digest of [...digests, ...digests]) set.add(digest);
  const others = Array.from({ length: 5000 }, (_, index) => digestOf(`other ${index}`));
  expect([set.size, digests.every((digest) => set.has(digest)), others.some((digest) => set.has(digest))]).toEqual([
    5000,
    true,
    false,
  ]);
});

test("DigestSet takes many that end alike", () => {
  const set = new DigestSet();
  const digests = Array.from({ length: 5000 }, (_, index) =>
    formatDigest("sha256", index.toString(16).padEnd(64, "0")),
  );
  for (const digest of digests) set.add(digest);
  expect([set.size, digests.every((digest) => set.has(digest))]).toEqual([new Set(digests).size, true]);
});

test("DigestSet takes every hash, also of zeros", () => {
  const hex = fc.string({ unit: fc.constantFrom(..."0f"), minLength: 64, maxLength: 64 });
  fc.assert(
    fc.property(fc.array(hex), (hashes) => {
      const set = new DigestSet();
      const digests: Digest[] = ["0".repeat(64), ...hashes].map((hash) => formatDigest("sha256", hash));
      for (const digest of digests) set.add(digest);
      return digests.every((digest) => set.has(digest));
    }),
  );
});
