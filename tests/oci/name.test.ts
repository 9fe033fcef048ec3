import { expect, test } from "bun:test";
import { join, normalize } from "node:path";
import fc from "fast-check";
import { parseRepositoryName } from "../../src/oci/name.ts";

test.each([
  ["a"],
  ["library/busybox"],
  ["a.b/c_d/e__f/g-h/i---j"],
  ["tags/list"],
  ["blobs/uploads"],
  ["0"],
  ["a".repeat(255)],
])("parseRepositoryName() accepts %p", (text) => {
  expect(parseRepositoryName(text)).toEqual(text as never);
});

test.each([
  [""],
  ["/"],
  ["a/"],
  ["/a"],
  ["a//b"],
  ["A"],
  ["a_"],
  ["_a"],
  ["a___b"],
  ["a..b"],
  ["a._b"],
  ["-a"],
  ["a-"],
  [".."],
  ["a/../b"],
  ["a%2fb"],
  ["a\\b"],
  ["a\0b"],
  ["ä"],
  ["a b"],
  ["a\n"],
  ["a".repeat(256)],
])("parseRepositoryName() refuses %p", (text) => {
  expect(parseRepositoryName(text)).toBeUndefined();
});

test("parseRepositoryName() takes linear time on names made to backtrack", () => {
  expect(parseRepositoryName(`${"a-".repeat(127)}!`)).toBeUndefined();
});

test("parseRepositoryName() accepts what the spec's expression does, and nothing else", () => {
  // As the distribution-spec writes it.
  const spec = /^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$/;
  const near = fc.string({ unit: fc.constantFrom("a", "0", "z", ".", "_", "-", "/", "A", "%", "\n"), maxLength: 12 });
  fc.assert(
    fc.property(fc.oneof(near, fc.stringMatching(spec), fc.string()), (text) => {
      const isName = spec.test(text) && !text.includes("\n") && text.length <= 255;
      expect(parseRepositoryName(text)).toEqual((isName ? text : undefined) as never);
    }),
    { numRuns: 500 },
  );
});

test("a repository name stays below the root, whatever it is", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const name = parseRepositoryName(text);
      if (name !== undefined) expect(normalize(join("/root", name))).toBe(`/root/${name}`);
    }),
  );
});
