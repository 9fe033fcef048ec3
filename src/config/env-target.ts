// The place that a variable's name points to, and how a value gets there.

import type { Node } from "./node.ts";
import { listItems, type Tree, treeAt, withTree } from "./tree.ts";

/** A known section or key, and the segments below it: elements of a list or map, or parts of what is not ours. */
export interface Target {
  readonly node: Node;
  readonly rest: readonly string[];
  /** What is meant in the end. */
  readonly leaf: Node;
}

/** A tree, or why there is none. */
export type Placed = { readonly tree: Tree } | { readonly problem: string };

/** Where the segments lead, or undefined where they name nothing. */
export function findTarget(root: Node, segments: readonly string[]): Target | undefined {
  if (segments.includes("")) return undefined;
  let node = root;
  let depth = 0;
  for (; depth < segments.length; depth += 1) {
    const child = childOf(node, segments[depth]);
    if (child === undefined) break;
    node = child;
  }
  const rest = segments.slice(depth);
  const leaf = node.about.closed === undefined ? leafOf(node, rest) : node;
  return leaf === undefined || node.about.isFileOnly === true ? undefined : { node, rest, leaf };
}

function childOf({ children }: Node, segment: string | undefined): Node | undefined {
  return [...children].find(([name]) => name.toUpperCase() === segment)?.[1];
}

function leafOf(node: Node | undefined, segments: readonly string[]): Node | undefined {
  const [segment, ...rest] = segments;
  if (node === undefined || segment === undefined || node.kind === "foreign") return node;
  return leafOf(node.element ?? childOf(node, segment), rest);
}

/** The tree with a value at a target. */
export function placeValue(tree: Tree, { node, rest }: Target, value: Tree): Placed {
  const path = node.path.split(".");
  if (node.element === undefined) {
    return { tree: withTree(tree, [...path, ...rest.map((name) => name.toLowerCase())], value) };
  }
  const placed = placeElement(treeAt(tree, node.path), rest, { value, node });
  return "problem" in placed ? placed : { tree: withTree(tree, path, placed.tree) };
}

interface Element {
  readonly value: Tree;
  readonly node: Node | undefined;
}

function placeElement(tree: Tree | undefined, segments: readonly string[], { value, node }: Element): Placed {
  const [segment, ...rest] = segments;
  if (segment === undefined || node === undefined) return { tree: value };
  const below = (old: Tree | undefined) =>
    placeElement(old, rest, { value, node: node.element ?? childOf(node, segment) });
  return node.kind === "list"
    ? placeItem(tree, segment, { value, below })
    : placeEntry(tree, segment, { value, below });
}

interface Below {
  readonly value: Tree;
  readonly below: (old: Tree | undefined) => Placed;
}

/** An index within the list replaces an item; the next one appends. */
function placeItem(tree: Tree | undefined, segment: string, { value, below }: Below): Placed {
  const items = [...listItems(tree)];
  if (!/^\d+$/.test(segment)) return { problem: `${segment} is not an index of a list` };
  const index = Number(segment);
  if (index > items.length) {
    return { problem: `the list has ${items.length} elements, so the next index is ${items.length}` };
  }
  const placed = below(items[index]);
  if ("problem" in placed) return placed;
  items[index] = placed.tree;
  return { tree: { kind: "list", items, origin: value.origin } };
}

/** Names match in any case, as those of headers do; the new value replaces the old one. */
function placeEntry(tree: Tree | undefined, segment: string, { value, below }: Below): Placed {
  const entries = new Map(tree?.kind === "map" ? tree.entries : []);
  const oldName = [...entries.keys()].find((name) => name.toLowerCase() === segment.toLowerCase());
  const placed = below(oldName === undefined ? undefined : entries.get(oldName));
  if ("problem" in placed) return placed;
  entries.set(oldName ?? segment.toLowerCase(), placed.tree);
  return { tree: { kind: "map", entries, origin: value.origin } };
}
