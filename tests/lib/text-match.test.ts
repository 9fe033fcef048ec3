import { expect, test } from "bun:test";
import { compileTextMatch } from "../../src/lib/text-match.ts";
import { shortMs, workedMs } from "../turns.ts";

test.each([
  ["app", "team/app-one", true],
  ["app", "team/ap", false],
  ["", "anything", true],
  ["v1.*", "v1.2.3", true],
  ["v1.*", "av1.2", false],
  ["*", "", true],
  ["**/b*", "a/x/bc", true],
  ["pr-?", "pr-1", true],
  ["pr-?", "pr-10", false],
  ["*-rc?-*", "v1-rc2-amd64", true],
  ["*-rc?-*", "v1-rc-amd64", false],
  ["a*b*c", "a__b_b__c", true],
  ["a*b*c", "a__b_b__cd", false],
  ["v1.[0-9]*", "v1.[0-9]x", true],
  ["v1.[0-9]*", "v1.2", false],
])("compileTextMatch(%p) on %p: %p", (text, name, want) => {
  expect(compileTextMatch(text)(name)).toBe(want);
});

test("compileTextMatch() needs no more steps than both lengths multiplied", () => {
  const startedMs = workedMs();
  expect(compileTextMatch(`${"*a".repeat(60)}b`)("a".repeat(255))).toBe(false);
  const tookMs = workedMs() - startedMs;
  expect(tookMs).toBeLessThan(shortMs(50));
});
