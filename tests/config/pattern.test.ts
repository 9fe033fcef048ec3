import { expect, test } from "bun:test";
import { parsePattern } from "../../src/config/pattern.ts";

test.each([
  ["^https://example\\.com/", ["https://example.com/a"], ["https://example_com/"]],
  ["(?i)^HTTPS:", ["https:", "HTTPS:"], ["http:"]],
  ["\\Ahttps\\z", ["https"], ["xhttps", "httpsx"]],
  ["(?P<host>example)-\\1?", ["example-"], ["host"]],
  ["[\\-\\_a]\\-\\:", ["--:", "_-:", "a-:"], ["b-:"]],
  ["\\(?P<x", ["(P<x", "P<x"], ["(x"]],
  ["a\\\\A", ["a\\A"], ["a"]],
  ["https:\\/\\/", ["https://"], ["https:"]],
])("parsePattern(%p) matches as in Go", (text, matching, others) => {
  const pattern = parsePattern(text);
  const compiled = "source" in pattern ? new RegExp(pattern.source, "u") : undefined;
  expect([...matching, ...others].map((url) => compiled?.test(url))).toEqual([
    ...matching.map(() => true),
    ...others.map(() => false),
  ]);
});

test.each(["[", "(", "*", "[[:alpha:]]", "\\Qa\\E", "(?U)a", "\\C", "a(?i)b"])(
  "parsePattern(%p) refuses what has no meaning here",
  (text) => {
    expect(parsePattern(text)).toEqual({ problem: expect.stringMatching(/^must be a regular expression \(.+\)$/) });
  },
);
