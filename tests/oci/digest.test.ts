import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  algorithms,
  digestAlgorithm,
  digestHex,
  formatDigest,
  parseAlgorithm,
  parseDigest,
} from "../../src/oci/digest.ts";

const hex256 = "a".repeat(64);
const hex512 = "0123456789abcdef".repeat(8);

test.each([[`sha256:${hex256}`], [`sha512:${hex512}`]])("parseDigest() accepts %p", (text) => {
  expect(parseDigest(text)).toEqual(text as never);
});

test.each([
  [""],
  [":"],
  ["sha256"],
  ["sha256:"],
  [`sha256:${"A".repeat(64)}`],
  [`SHA256:${hex256}`],
  [`sha256:${hex256}0`],
  [`sha256:${"a".repeat(63)}`],
  [`sha256:${"g".repeat(64)}`],
  [`sha512:${hex256}`],
  [`sha384:${"a".repeat(96)}`],
  [`md5:${"a".repeat(32)}`],
  [` sha256:${hex256}`],
  [`sha256:${hex256}\n`],
  [`sha256:../../../../../../etc/passwd${"a".repeat(36)}`],
  [`toString:${hex256}`],
])("parseDigest() refuses %p", (text) => {
  expect(parseDigest(text)).toBeUndefined();
});

test("a digest falls into its algorithm and its hash", () => {
  const digest = formatDigest("sha512", hex512);
  expect([digestAlgorithm(digest), digestHex(digest)]).toEqual(["sha512", hex512]);
});

test("formatDigest() throws on what is no hash", () => {
  expect(() => formatDigest("sha256", "abc")).toThrow(TypeError);
});

test("parseAlgorithm() knows the supported ones", () => {
  expect([...algorithms, "sha384", "constructor"].map(parseAlgorithm)).toEqual([
    "sha256",
    "sha512",
    undefined,
    undefined,
  ]);
});

test("parseDigest() accepts what the grammar spells, as it is, and nothing else", () => {
  const grammar = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;
  const hex = fc.string({ unit: fc.constantFrom(..."0123456789abcdefA"), minLength: 63, maxLength: 129 });
  const near = fc.tuple(
    fc.constantFrom("sha256", "sha512", "sha384", "SHA256", ""),
    fc.constantFrom(":", "", "::"),
    hex,
  );
  const exact = fc
    .constantFrom(["sha256", 64] as const, ["sha512", 128] as const)
    .chain(([algorithm, length]) =>
      fc
        .string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: length, maxLength: length })
        .map((text) => `${algorithm}:${text}`),
    );
  fc.assert(
    fc.property(
      fc.oneof(
        exact,
        near.map((parts) => parts.join("")),
        fc.string(),
      ),
      (text) => {
        expect(parseDigest(text)).toEqual((grammar.test(text) ? text : undefined) as never);
      },
    ),
  );
});

test("a digest is made again from its parts", () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.constantFrom(...algorithms), (bytes, algorithm) => {
      const digest = formatDigest(algorithm, Bun.CryptoHasher.hash(algorithm, bytes, "hex"));
      expect(parseDigest(digest)).toBe(digest);
      expect(formatDigest(digestAlgorithm(digest), digestHex(digest))).toBe(digest);
    }),
  );
});
