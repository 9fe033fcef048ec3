import { describe, expect, test } from "bun:test";
import type { Tree } from "../../src/config/tree.ts";
import { parseYaml } from "../../src/config/yaml.ts";

const parse = (text: string) => parseYaml(text, (line, column) => ({ kind: "file", file: "f", line, column }));

/** Plain values, each scalar with its place. */
function show(tree: Tree): unknown {
  const place = tree.origin.kind === "file" ? `${tree.origin.line}:${tree.origin.column}` : "";
  if (tree.kind === "scalar") return `${tree.text ?? "null"} @${place}`;
  if (tree.kind === "list") return tree.items.map(show);
  return Object.fromEntries([...tree.entries].map(([name, value]) => [name, show(value)]));
}

function shown(text: string): unknown {
  const result = parse(text);
  return "tree" in result ? show(result.tree) : result.problems;
}

describe("parseYaml() keeps text and places", () => {
  test.each<[string, unknown]>([
    ["a: yes\nb: 0123\nc:\n", { a: "yes @1:1", b: "0123 @2:1", c: "null @3:1" }],
    ["on: 1\ny: 2", { on: "1 @1:1", y: "2 @2:1" }],
    ["a: ~\nb: null\nc: 'null'", { a: "null @1:1", b: "null @2:1", c: "null @3:1" }],
    ["a:\n  - x\n  - 'y'", { a: ["x @2:5", "y @3:5"] }],
    ["a: 2001-01-01\nb: 1_000\nc: 1:30", { a: "2001-01-01 @1:1", b: "1_000 @2:1", c: "1:30 @3:1" }],
    ["a: !!binary aGk=\nb: !x 1", { a: "aGk= @1:1", b: "1 @2:1" }],
    ["a: !!omap [b: 1]", { a: [{ b: "1 @1:12" }] }],
    ["a: |\n  x\n  y\n", { a: "x\ny\n @1:1" }],
    ["", "null @1:1"],
    ["# nothing\n", "null @1:1"],
    ["\uFEFFa: 1", { a: "1 @1:2" }],
    ["a: &x [1]\nb: *x", { a: ["1 @1:8"], b: ["1 @1:8"] }],
  ])("%p", (text, want) => {
    expect(shown(text)).toEqual(want);
  });
});

describe("parseYaml() merges", () => {
  test.each<[string, unknown]>([
    [
      "x: &x {a: 1, b: 2}\nz:\n  <<: *x\n  b: 3\n",
      { x: { a: "1 @1:8", b: "2 @1:14" }, z: { a: "1 @1:8", b: "3 @4:3" } },
    ],
    ["z: {<<: [{a: 1}, {a: 2, b: 2}]}", { z: { a: "1 @1:11", b: "2 @1:25" } }],
    ["<<: 5", [{ line: 1, column: 1, message: "only maps can be merged" }]],
  ])("%p", (text, want) => {
    expect(shown(text)).toEqual(want);
  });
});

describe("parseYaml() says what is wrong, and where", () => {
  test.each<[string, number, number, RegExp]>([
    ["a: b: c", 1, 4, /[Nn]ested mappings/],
    ["a:\n  b: @c", 2, 6, /reserved character/],
    ["a: *b", 1, 1, /no anchor &b/],
    ["a: &a [*a]", 1, 8, /nested more than 64 deep/],
    ["a: 1\n---\nb: 2", 2, 1, /second document/],
    ["? [a]\n: b", 1, 3, /key must be plain text/],
    [" \ta: 1\n b", 1, 2, /tab/],
  ])("%p", (text, line, column, message) => {
    const result = parse(text);
    const problems = "problems" in result ? result.problems : [];
    expect(problems[0]).toEqual({ line, column, message: expect.stringMatching(message) });
  });

  test("in bounded time and space", () => {
    const bomb = [
      "a: &a [x,x,x,x,x,x,x,x,x]",
      ..."bcdefgh".split("").map((name, index) => {
        const before = "abcdefg"[index];
        return `${name}: &${name} [${Array(9).fill(`*${before}`).join(",")}]`;
      }),
    ].join("\n");
    const results = [bomb, "[".repeat(30_000), "{a: ".repeat(200)].map(parse);
    expect(results.map((result) => "problems" in result && result.problems.length <= 20)).toEqual([true, true, true]);
  });
});

describe("parseYaml() finds duplicate keys", () => {
  test.each([
    ["a: 1\na: 2", [{ line: 2, column: 1, path: ["a"], hidden: [["a"]] }]],
    ["a: 1\na: 1", [{ line: 2, column: 1, path: ["a"], hidden: [] }]],
    ["? &k a\n: 1\n*k : 2", [{ line: 3, column: 1, path: ["a"], hidden: [["a"]] }]],
    ["b: {c: 1, c: 2}", [{ line: 1, column: 11, path: ["b", "c"], hidden: [["b", "c"]] }]],
    ["b: {c: 1, d: [x]}\nb: {c: 2, d: [x], e: 3}", [{ line: 2, column: 1, path: ["b"], hidden: [["b", "c"]] }]],
    ["b: [{c: 1, c: 2}]", [{ line: 1, column: 12, path: ["b", "0", "c"], hidden: [["b", "0", "c"]] }]],
    ["b:\nb: {c: 1}", [{ line: 2, column: 1, path: ["b"], hidden: [] }]],
    ["b: {c: 1}\nb:", [{ line: 2, column: 1, path: ["b"], hidden: [] }]],
    ["b: {c: 1}\nb: x", [{ line: 2, column: 1, path: ["b"], hidden: [["b"]] }]],
    ["b: {c: 1}\nd: {c: 1}", []],
  ])("%p", (text, want) => {
    const result = parse(text);
    expect("tree" in result && result.duplicates).toEqual(want as never);
  });
});
