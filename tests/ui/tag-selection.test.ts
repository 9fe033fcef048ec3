import { expect, test } from "bun:test";
import { countSelected, formatWish, isSelected, noSelection, toggleTag } from "../../src/ui/tag-selection.ts";

const shown = ["a", "b", "c"];
const some = (...tags: string[]) => ({ kind: "some", tags: new Set(tags) }) as const;
const matching = { kind: "matching", filter: "", count: 1000 } as const;

test.each([
  [noSelection, "a", ["a"]],
  [some("a"), "a", []],
  [some("a"), "b", ["a", "b"]],
  // What is not shown is left out as well, since one cannot see it.
  [matching, "b", ["a", "c"]],
])("toggleTag() of %p", (selection, tag, want) => {
  const next = toggleTag(selection, { tag, shown });
  expect(next.kind === "some" && [...next.tags]).toEqual(want);
});

test("all that match counts for what is not shown, too", () => {
  expect([
    countSelected(matching),
    isSelected(matching, "z"),
    countSelected(some("a")),
    isSelected(some("a"), "z"),
  ]).toEqual([1000, true, 1, false]);
});

test("formatWish() asks for tags, or for what a filter lets through", () => {
  expect([formatWish(some("a", "b")), formatWish({ ...matching, filter: "1.*" }), formatWish(matching)]).toEqual([
    { tags: ["a", "b"] },
    { filter: "1.*" },
    { filter: "*" },
  ]);
});
