import { expect, test } from "bun:test";
import fc from "fast-check";
import { formatReference, parseReference, parseTag } from "../../src/oci/reference.ts";

const digest = `sha256:${"a".repeat(64)}`;

test.each([["latest"], ["v1.2.3"], ["_x"], ["A-B_c.d"], ["1"], ["a".repeat(128)]])("parseTag() accepts %p", (text) => {
  expect(parseTag(text)).toEqual(text as never);
});

test.each([[""], ["-a"], [".a"], ["a/b"], ["a b"], ["a:b"], ["a\n"], ["ä"], ["a".repeat(129)]])(
  "parseTag() refuses %p",
  (text) => {
    expect(parseTag(text)).toBeUndefined();
  },
);

test("parseReference() tells tags from digests by the colon", () => {
  const texts = ["latest", digest, "sha256:short", ""];
  expect(texts.map((text) => parseReference(text))).toEqual([
    { kind: "tag", tag: "latest" },
    { kind: "digest", digest },
    undefined,
    undefined,
  ] as never);
});

test("formatReference() gives back the text", () => {
  const reference = parseReference(digest);
  expect(reference && formatReference(reference)).toEqual(digest);
});

test("parseReference() tells every text apart, and gives it back", () => {
  const tagGrammar = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
  const near = fc.string({ unit: fc.constantFrom("a", "Z", "0", "_", ".", "-", "/", ":", " ", "\n"), maxLength: 130 });
  fc.assert(
    fc.property(fc.oneof(near, fc.stringMatching(tagGrammar), fc.string(), fc.constant(digest)), (text) => {
      const reference = parseReference(text);
      const kind = text === digest ? "digest" : tagGrammar.test(text) && !text.endsWith("\n") ? "tag" : undefined;
      expect([reference?.kind, reference && formatReference(reference)]).toEqual([kind, kind && text]);
      expect(parseTag(text)).toEqual((kind === "tag" ? text : undefined) as never);
    }),
    { numRuns: 500 },
  );
});
