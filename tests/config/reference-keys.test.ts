import { expect, test } from "bun:test";
import { findTarget } from "../../src/config/env-target.ts";
import type { Node } from "../../src/config/node.ts";
import { root } from "../../src/config/schema.ts";
import { type Fate, fates, goNames, mayWarn, notYet, secretKeys } from "./reference-keys.ts";

const keys = fates.flatMap(([fate, paths]) => paths.map((path) => [path, fate] as const));

function isIn(path: string, sections: readonly string[]): boolean {
  return sections.some((section) => path === section || path.startsWith(`${section}.`));
}

/** The node that decides about a path; undefined where the schema does not know it. */
function decidingNode(path: string): Node | undefined {
  let node: Node | undefined = root;
  for (const name of path.split(".")) {
    if (node === undefined || node.kind === "foreign" || node.about.isSecret === true) break;
    // What a map or the elements of a list may have.
    node = node.children.get(name) ?? node.element?.children.get(name) ?? (node.kind === "map" ? node : undefined);
  }
  return node;
}

function fateOf(path: string): Fate | undefined {
  const node = decidingNode(path);
  if (node?.kind !== "foreign") return node === undefined ? undefined : "works";
  const { effect } = node.about;
  return effect === "ignored" ? "warned" : effect === "silent" ? "silent" : "refused";
}

test.each(keys)("%s: %s", (path, fate) => {
  expect(fateOf(path)).toBe(isIn(path, notYet) ? "warned" : fate);
});

test("nothing is warned about that is not allowed to be, but for what does not work yet", () => {
  const warned = [...root.children.values()].flatMap(listForeign).filter(({ about }) => about.effect === "ignored");
  expect(warned.map(({ path }) => path).filter((path) => !isIn(path, [...mayWarn, ...notYet]))).toEqual([]);
  // What is here without need hides a key that is forgotten later.
  expect(notYet.filter((path) => fateOf(path) !== "warned")).toEqual([]);
});

function listForeign(node: Node): readonly Node[] {
  return node.kind === "foreign" ? [node] : [...node.children.values()].flatMap(listForeign);
}

/** A key as a variable: the first element of each list. */
function variableOf(path: string): readonly string[] {
  const segments: string[] = [];
  let node: Node | undefined = root;
  for (const name of path.split(".")) {
    if (node?.kind === "list") segments.push("0");
    node = (node?.kind === "list" ? node.element : node)?.children.get(name);
    segments.push(name.toUpperCase());
  }
  return segments;
}

test.each(keys.filter(([path]) => path !== "version"))("%s answers to its variable", (path) => {
  expect(findTarget(root, variableOf(path))).toBeDefined();
});

test.each(goNames)("%s is distribution's variable for %s", (name, path) => {
  const target = findTarget(root, name.split("_").slice(1));
  expect(target).toBeDefined();
  const known = decidingNode(path);
  if (known?.kind !== "foreign") expect(target?.leaf).toBe(known as Node);
});

test.each(secretKeys)("%s is never shown", (path) => {
  const node = decidingNode(path);
  const isSecret = node?.about.isSecret === true || node?.element?.about.isSecret === true;
  expect(node?.kind === "foreign" || isSecret).toBe(true);
});
