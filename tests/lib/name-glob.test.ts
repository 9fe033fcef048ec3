import { expect, test } from "bun:test";
import { compileNameGlob } from "../../src/lib/name-glob.ts";

test.each([
  ["team/**", "team/a", true],
  ["team/**", "team/a/b", true],
  ["team/**", "team", false],
  ["team/**", "team2/a", false],
  ["team/*", "team/a", true],
  ["team/*", "team/a/b", false],
  ["team**", "team", true],
  ["team**", "team2/a/b", true],
  ["**/app", "app", false],
  ["**/app", "a/b/app", true],
  ["a/**/c", "a/c", false],
  ["a/**/c", "a/b/b/c", true],
  ["a/***", "a/b/c", true],
  ["a.b", "acb", false],
  ["a-*/x", "a-b/x", true],
  ["a*", "a", true],
  ["**", "any/thing", true],
  ["*", "any/thing", false],
  ["", "any", false],
  // What is special in other globs is not here, and in no name either.
  ["{a,b}", "a", false],
  ["[ab]", "a", false],
  ["a?", "ab", false],
  ["!a", "b", false],
  ["\\*", "a", false],
])("compileNameGlob(%p) matches %p: %p", (glob, name, isMatch) => {
  expect(compileNameGlob(glob).match(name)).toBe(isMatch);
});
