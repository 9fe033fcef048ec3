// A configuration as it was written: maps, lists and scalars, each with its place. Scalars stay text until the
// schema says what they mean, so that an unquoted `yes` or `123` may be a password.

import type { Origin } from "./origin.ts";

/** One written value. Inside a map the origin is the place of its key. */
export type Tree =
  /** No text: an explicit or implied null. */
  | { readonly kind: "scalar"; readonly text: string | undefined; readonly origin: Origin }
  | { readonly kind: "list"; readonly items: readonly Tree[]; readonly origin: Origin }
  | { readonly kind: "map"; readonly entries: ReadonlyMap<string, Tree>; readonly origin: Origin };

/** An empty map. */
export function emptyMap(origin: Origin): Tree {
  return { kind: "map", entries: new Map(), origin };
}

/** The value at a dotted path, through maps only. */
export function treeAt(tree: Tree, path: string): Tree | undefined {
  let here: Tree | undefined = tree;
  for (const name of path.split(".")) {
    here = here?.kind === "map" ? here.entries.get(name) : undefined;
  }
  return here;
}

/** The value at a path of map keys and list indexes, or the deepest one on the way that exists. */
export function deepestAt(tree: Tree, segments: readonly PropertyKey[]): Tree {
  let here = tree;
  for (const segment of segments) {
    const next: Tree | undefined =
      here.kind === "map"
        ? here.entries.get(String(segment))
        : here.kind === "list"
          ? here.items[Number(segment)]
          : undefined;
    if (next === undefined) return here;
    here = next;
  }
  return here;
}

/** The tree with a value at a path; anything on the way that is not a map becomes one. */
export function withTree(tree: Tree | undefined, segments: readonly string[], value: Tree): Tree {
  const [name, ...rest] = segments;
  if (name === undefined) return value;
  const entries = new Map(tree?.kind === "map" ? tree.entries : []);
  entries.set(name, withTree(entries.get(name), rest, value));
  return { kind: "map", entries, origin: tree?.kind === "map" ? tree.origin : value.origin };
}

/** `storage: filesystem` and `auth: none` mean a map with that one entry. */
export function expandName(tree: Tree): Tree {
  if (tree.kind !== "scalar" || !tree.text) return tree;
  const { text, origin } = tree;
  return { kind: "map", entries: new Map([[text, emptyMap(origin)]]), origin };
}

/** Whether a key has no value. */
export function isBlankScalar(tree: Tree): boolean {
  return tree.kind === "scalar" && !tree.text;
}

/** The elements of a list; one bare value is a list of one. */
export function listItems(tree: Tree | undefined): readonly Tree[] {
  if (tree === undefined || (tree.kind === "scalar" && tree.text === undefined)) return [];
  return tree.kind === "list" ? tree.items : [tree];
}

/** Whether a value says nothing: null, empty text, or lists and maps of nothing else. */
export function isBlank(tree: Tree | undefined): boolean {
  switch (tree?.kind) {
    case undefined:
      return true;
    case "scalar":
      return isBlankScalar(tree);
    case "list":
      return tree.items.every(isBlank);
    case "map":
      return [...tree.entries.values()].every(isBlank);
  }
}

/** Combines two values of a repeated key as Go's decoder does: maps are merged; otherwise the last value counts. */
export function overlay(
  earlier: Tree,
  last: Tree,
  path: readonly string[],
): { readonly tree: Tree; readonly hidden: readonly (readonly string[])[] } {
  if (isBlank(earlier)) return { tree: last, hidden: [] };
  if (earlier.kind !== "map" || last.kind !== "map") {
    if (earlier.kind === "map" && isBlankScalar(last)) return { tree: earlier, hidden: [] };
    return { tree: last, hidden: isSame(earlier, last) ? [] : [path] };
  }
  const hidden: (readonly string[])[] = [];
  const entries = new Map(earlier.entries);
  for (const [name, value] of last.entries) {
    const before = entries.get(name);
    const both = before === undefined ? { tree: value, hidden: [] } : overlay(before, value, [...path, name]);
    entries.set(name, both.tree);
    hidden.push(...both.hidden);
  }
  return { tree: { kind: "map", entries, origin: last.origin }, hidden };
}

function isSame(one: Tree, other: Tree): boolean {
  return JSON.stringify(plain(one)) === JSON.stringify(plain(other));
}

/** Plain values; a scalar is text or null. */
export function plain(tree: Tree): unknown {
  if (tree.kind === "scalar") return tree.text ?? null;
  if (tree.kind === "list") return tree.items.map(plain);
  return Object.fromEntries([...tree.entries].map(([name, value]) => [name, plain(value)]));
}
