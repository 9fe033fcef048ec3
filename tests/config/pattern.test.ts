import { expect, test } from "bun:test";
import { parsePattern } from "../../src/config/pattern.ts";

test.each([
  ["^https://example\\.com/", ["https://example.com/a"], ["https://example_com/"]],
  ["(?i)^HTTPS:", ["https:", "HTTPS:"], ["http:"]],
  ["a(?i)b", ["ab", "aB"], ["AB"]],
  ["\\Ahttps\\z", ["https"], ["xhttps", "httpsx"]],
  ["(?P<host>example)-", ["example-"], ["host"]],
  ["[\\-\\_a]\\-\\:", ["--:", "_-:", "a-:"], ["b-:"]],
  ["\\(?P<x", ["(P<x", "P<x"], ["(x"]],
  ["a\\\\A", ["a\\A"], ["a"]],
  ["https:\\/\\/", ["https://"], ["https:"]],
  ["^[[:alpha:]]+$", ["abc"], ["ab1"]],
  ["\\Qa.b\\E", ["a.b"], ["acb"]],
  ["^https?://([^/]+\\.)*example\\.com/", ["https://a.b.example.com/c"], ["https://example.org/"]],
])("parsePattern(%p) matches as in Go", (text, matching, others) => {
  const parsed = parsePattern(text);
  const pattern = "pattern" in parsed ? parsed.pattern : undefined;
  expect([...matching, ...others].map((url) => pattern?.test(url))).toEqual([
    ...matching.map(() => true),
    ...others.map(() => false),
  ]);
});

test.each(["[", "(", "*", "\\C", "a\\1", "(?=a)", "a{1001}"])(
  "parsePattern(%p) refuses what has no meaning in Go",
  (text) => {
    expect(parsePattern(text)).toEqual({ problem: expect.stringMatching(/^must be a regular expression \(.+\)$/) });
  },
);

// The first stands so in distribution's documentation; a backtracking engine takes years for it.
test.each(["^https?://([^/]+\\.)*example\\.com/", "^(a+)+$", "(.*)*x", "(a|a)*$", "^(\\w+\\s?)*$"])(
  "parsePattern(%p) takes a text of any kind in a moment",
  (text) => {
    const parsed = parsePattern(text);
    for (const piece of ["a.", "a", "https://a.", " ", "\n"]) {
      const before = process.cpuUsage();
      if ("pattern" in parsed) parsed.pattern.test(`https://${piece.repeat(100_000)}!`);
      const { user, system } = process.cpuUsage(before);
      expect([piece, "pattern" in parsed, (user + system) / 1000 < 1000]).toEqual([piece, true, true]);
    }
  },
);
