// Setting one element of a list or a map by a variable: `…_ALLOW_0=…`, `…_HEADERS_X-Frame-Options=…`.

import { listItems, type Tree } from "./tree.ts";
import type { ValueType } from "./value-type.ts";

/** A tree, or why there is none. */
export type Placed = { readonly tree: Tree } | { readonly problem: string };

/** What to set, in which kind of key. */
export interface Element {
  readonly value: Tree;
  readonly holds: ValueType<unknown>["holds"];
}

/** The key's value with the element in it. Elements of lists are maps, elements of maps are lists. */
export function placeElement(tree: Tree | undefined, segments: readonly string[], { value, holds }: Element): Placed {
  const [segment, ...rest] = segments;
  if (segment === undefined) return { tree: value };
  return holds === "list" ? placeItem(tree, segment, { value, rest }) : placeEntry(tree, segment, { value, rest });
}

interface Below {
  readonly value: Tree;
  readonly rest: readonly string[];
}

/** An index below the length replaces, one equal to it appends. */
function placeItem(tree: Tree | undefined, segment: string, { value, rest }: Below): Placed {
  const items = [...listItems(tree)];
  if (!/^\d+$/.test(segment)) return { problem: `${segment} is no index of a list` };
  const index = Number(segment);
  if (index > items.length)
    return { problem: `the list has ${items.length} elements, so the next index is ${items.length}` };
  const placed = placeElement(items[index], rest, { value, holds: "map" });
  if ("problem" in placed) return placed;
  items[index] = placed.tree;
  return { tree: { kind: "list", items, origin: value.origin } };
}

/** Names are matched in any case, as those of headers are; the new value replaces the old one. */
function placeEntry(tree: Tree | undefined, segment: string, { value, rest }: Below): Placed {
  const entries = new Map(tree?.kind === "map" ? tree.entries : []);
  const oldName = [...entries.keys()].find((name) => name.toLowerCase() === segment.toLowerCase());
  const old = oldName === undefined ? undefined : entries.get(oldName);
  const placed = placeElement(old, rest, { value, holds: "list" });
  if ("problem" in placed) return placed;
  entries.set(oldName ?? segment.toLowerCase(), placed.tree);
  return { tree: { kind: "map", entries, origin: value.origin } };
}
