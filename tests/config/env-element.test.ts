import { expect, test } from "bun:test";
import { placeElement } from "../../src/config/env-element.ts";
import type { Tree } from "../../src/config/tree.ts";
import { parseYaml } from "../../src/config/yaml.ts";

function tree(text: string): Tree | undefined {
  const result = parseYaml(text, () => ({ kind: "default" }));
  return text !== "" && "tree" in result ? result.tree : undefined;
}

function plain(written: Tree): unknown {
  if (written.kind === "scalar") return written.text;
  if (written.kind === "list") return written.items.map(plain);
  return Object.fromEntries([...written.entries].map(([name, value]) => [name, plain(value)]));
}

test.each<[string, "list" | "map", string, unknown]>([
  ["", "list", "0", ["new"]],
  ["[a, b]", "list", "1", ["a", "new"]],
  ["[a, b]", "list", "2", ["a", "b", "new"]],
  ["a", "list", "1", ["a", "new"]],
  ["[{os: linux}]", "list", "0 os", [{ os: "new" }]],
  ["[{os: linux}]", "list", "0 ARCHITECTURE", [{ os: "linux", architecture: "new" }]],
  ["", "map", "X-A", { "x-a": "new" }],
  ["{X-A: [b], Y: [c]}", "map", "x-a", { "X-A": "new", Y: ["c"] }],
  ["{X-A: [b]}", "map", "X-A 1", { "X-A": ["b", "new"] }],
])("placeElement() in %p, a %s, at %p", (text, holds, segments, want) => {
  const placed = placeElement(tree(text), segments.split(" "), {
    value: { kind: "scalar", text: "new", origin: { kind: "variable", name: "REGISTRY_X" } },
    holds,
  });
  expect("tree" in placed ? plain(placed.tree) : placed.problem).toEqual(want);
});

test.each<[string, string, RegExp]>([
  ["[a]", "2", /next index is 1/],
  ["[a]", "x", /no index/],
])("placeElement() in %p refuses the index %p", (text, segment, want) => {
  const value: Tree = { kind: "scalar", text: "new", origin: { kind: "default" } };
  expect(placeElement(tree(text), [segment], { value, holds: "list" })).toEqual({
    problem: expect.stringMatching(want),
  });
});
