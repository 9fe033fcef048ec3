import { expect, test } from "bun:test";
import type { Origin } from "../../src/config/origin.ts";
import {
  deepestAt,
  emptyMap,
  expandName,
  isBlank,
  isBlankScalar,
  listItems,
  overlay,
  type Tree,
  treeAt,
  withTree,
} from "../../src/config/tree.ts";

const origin: Origin = { kind: "default" };
const scalar = (text: string | undefined): Tree => ({ kind: "scalar", text, origin });
const list = (...items: readonly Tree[]): Tree => ({ kind: "list", items, origin });
const map = (entries: Readonly<Record<string, Tree>>): Tree => ({
  kind: "map",
  entries: new Map(Object.entries(entries)),
  origin,
});

const tree = map({ http: map({ addr: scalar(":5000"), names: list(scalar("a"), scalar("b")) }), log: scalar("x") });

test.each([
  ["http.addr", scalar(":5000")],
  ["log", scalar("x")],
  ["log.level", undefined],
  ["http.tls.key", undefined],
  ["http.names.0", undefined],
])("treeAt(%p)", (path, want) => {
  expect(treeAt(tree, path)).toEqual(want);
});

test("deepestAt() stops where there is nothing further down", () => {
  expect(deepestAt(tree, ["http", "names", 1])).toEqual(scalar("b"));
  expect(deepestAt(tree, ["http", "addr", 0])).toEqual(scalar(":5000"));
});

test("withTree() makes maps on the way and leaves the old tree alone", () => {
  const changed = withTree(tree, ["log", "level"], scalar("debug"));
  expect(treeAt(changed, "log.level")).toEqual(scalar("debug"));
  expect(treeAt(changed, "http.addr")).toEqual(scalar(":5000"));
  expect(treeAt(tree, "log")).toEqual(scalar("x"));
  expect(withTree(undefined, ["a", "b"], scalar("c"))).toEqual(map({ a: map({ b: scalar("c") }) }));
});

test.each<[Tree, Tree]>([
  [scalar("filesystem"), map({ filesystem: emptyMap(origin) })],
  [scalar(""), scalar("")],
  [scalar(undefined), scalar(undefined)],
  [tree, tree],
])("expandName(%p)", (written, want) => {
  expect(expandName(written)).toEqual(want);
});

test.each<[Tree | undefined, readonly Tree[]]>([
  [undefined, []],
  [scalar(undefined), []],
  [scalar("a"), [scalar("a")]],
  [list(scalar("a"), scalar("b")), [scalar("a"), scalar("b")]],
])("listItems(%p)", (written, want) => {
  expect(listItems(written)).toEqual(want);
});

test.each<[Tree | undefined, boolean]>([
  [undefined, true],
  [scalar(undefined), true],
  [scalar(""), true],
  [scalar("false"), false],
  [list(), true],
  [map({ email: scalar(""), hosts: list(scalar(undefined)) }), true],
  [map({ email: scalar("a@b") }), false],
])("isBlank(%p)", (written, want) => {
  expect(isBlank(written)).toEqual(want);
});

test("isBlankScalar() is false for an empty map", () => {
  expect([scalar(""), emptyMap(origin)].map(isBlankScalar)).toEqual([true, false]);
});

const b = map({ b: scalar("x") });

test.each<[string, Tree, Tree, Tree, readonly string[]]>([
  [
    "maps are merged",
    map({ a: scalar("1"), c: b }),
    map({ c: map({ d: scalar("2") }), e: scalar("3") }),
    map({ a: scalar("1"), c: map({ b: scalar("x"), d: scalar("2") }), e: scalar("3") }),
    [],
  ],
  ["the last text counts", map({ a: scalar("1") }), map({ a: scalar("2") }), map({ a: scalar("2") }), ["a"]],
  ["the same text hides nothing", map({ a: scalar("1") }), map({ a: scalar("1") }), map({ a: scalar("1") }), []],
  [
    "the last list counts",
    map({ a: list(scalar("1")) }),
    map({ a: list(scalar("2")) }),
    map({ a: list(scalar("2")) }),
    ["a"],
  ],
  ["a map that is named again without anything stays", map({ a: b }), map({ a: scalar(undefined) }), map({ a: b }), []],
  ["a word takes the place of a map", map({ a: b }), map({ a: scalar("none") }), map({ a: scalar("none") }), ["a"]],
  ["a map takes the place of a word", map({ a: scalar("x") }), map({ a: b }), map({ a: b }), ["a"]],
  ["what said nothing is not hidden", map({ a: scalar(undefined) }), map({ a: b }), map({ a: b }), []],
])("overlay(): %s", (_name, earlier, last, want, hidden) => {
  const result = overlay(earlier, last, []);
  expect([result.tree, result.hidden.flat()]).toEqual([want, [...hidden]]);
});
