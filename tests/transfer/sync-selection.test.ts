import { describe, expect, test } from "bun:test";
import { compileTagPattern } from "../../src/app/store/keep-rules.ts";
import { findRemoved, selectTags } from "../../src/transfer/sync-selection.ts";
import { tagged } from "../registry/stocked.ts";

const tags = ["latest", "3.9", "3.9.1", "3.10.0", "v4.0.0", "4.1.0-rc.1", "edge", "sha256-abc"].map(tagged);
const all = { covers: undefined, semver: undefined, newest: undefined };

describe("selectTags()", () => {
  test.each([
    ["everything", all, tags],
    ["a glob", { ...all, covers: compileTagPattern("3.*") }, ["3.9", "3.9.1", "3.10.0"]],
    ["a range", { ...all, semver: ">=3.9.1 <5" }, ["3.9.1", "3.10.0", "v4.0.0"]],
    ["a caret", { ...all, semver: "^3" }, ["3.9", "3.9.1", "3.10.0"]],
    ["the newest", { ...all, newest: 2 }, ["4.1.0-rc.1", "v4.0.0"]],
    ["the newest of a range", { ...all, semver: "3.x", newest: 1 }, ["3.10.0"]],
    ["all three", { covers: compileTagPattern("/3\\.9.*/"), semver: ">3.9.0", newest: 5 }, ["3.9.1"]],
  ])("takes %s", (_name, selection, want) => {
    expect(selectTags(tags, selection) as readonly string[]).toEqual(want);
  });
});

test("findRemoved() looks at what is covered, and not at what was merely not selected", () => {
  const here = ["3.8", "3.9", "mine"].map(tagged);
  expect(findRemoved(here, tags, { covers: compileTagPattern("3.*") })).toEqual([tagged("3.8")]);
  expect(findRemoved(here, tags, all)).toEqual(["3.8", "mine"].map(tagged));
});
