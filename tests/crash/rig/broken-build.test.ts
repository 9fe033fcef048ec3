// The builds without a rule are of today's sources: a line that was changed since would let its test prove nothing.
import { expect, test } from "bun:test";
import { breakSources, brokenRules } from "./broken-build.ts";

test.each(Object.entries(brokenRules))("rule %s stands in the sources where it is taken out", (_rule, replacements) => {
  for (const [file, text] of breakSources(replacements)) {
    for (const replacement of replacements) if (replacement.file === file) expect(text).not.toContain(replacement.from);
  }
});

test("a line that is not there is an error", () => {
  expect(() => breakSources([{ file: "main.ts", from: "no such line", to: "" }])).toThrow("0 times, not once");
});
