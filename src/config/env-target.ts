// The place that a variable's name points to, and how a value gets there.

import type { Node } from "./node.ts";
import { listItems, type Tree } from "./tree.ts";

/** A known section or key, and the segments below it: elements of a list or map, or parts of a foreign key. */
export interface VariableTarget {
  readonly node: Node;
  readonly rest: readonly string[];
  /** The node that all segments lead to. */
  readonly leaf: Node;
}

/** A tree, or why there is none. */
export type Placed = { readonly tree: Tree } | { readonly problem: string };

/** Where the segments lead, or undefined where they name nothing. */
export function findTarget(root: Node, segments: readonly string[]): VariableTarget | undefined {
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

/** Other names in variables: of a field of distribution the one in Go, and of a driver its second one. */
const goNames: Readonly<Record<string, string>> = {
  "notifications.events": "EVENTCONFIG",
  "storage.s3": "S3AWS",
  "health.file": "FILECHECKERS",
  "health.http": "HTTPCHECKERS",
  "health.tcp": "TCPCHECKERS",
};

function childOf({ children }: Node, segment: string | undefined): Node | undefined {
  const byName = [...children].find(([name]) => name.toUpperCase() === segment)?.[1];
  return byName ?? [...children.values()].find(({ path }) => goNames[path] === segment);
}

function leafOf(node: Node | undefined, segments: readonly string[]): Node | undefined {
  const [segment, ...rest] = segments;
  if (node === undefined || segment === undefined || node.kind === "foreign") return node;
  return leafOf(node.element ?? childOf(node, segment), rest);
}

/** The tree with a value where the segments lead, from a node on. */
export function placeValue(
  tree: Tree | undefined,
  [segment, ...rest]: readonly string[],
  { value, node }: { readonly value: Tree; readonly node: Node | undefined },
): Placed {
  if (segment === undefined) return { tree: value };
  const isList = node?.kind === "list";
  const items = listItems(tree);
  if (isList && !/^\d{1,9}$/.test(segment)) return { problem: `${segment} is not an index of a list` };
  if (isList && Number(segment) > items.length) {
    return { problem: `the list has ${items.length} elements, so the next index is ${items.length}` };
  }
  const named = node === undefined ? undefined : childOf(node, segment);
  const child = node?.element ?? named;
  const entries = new Map(
    isList ? items.map((item, index) => [`${index}`, item]) : tree?.kind === "map" ? tree.entries : [],
  );
  const name = isList ? `${Number(segment)}` : nameOf(named?.path.split(".").at(-1) ?? segment, { node, entries });
  const placed = placeValue(entries.get(name), rest, { value, node: child });
  if ("problem" in placed) return placed;
  entries.set(name, placed.tree);
  if (isList) return { tree: { kind: "list", items: [...entries.values()], origin: value.origin } };
  const isSection = node?.kind !== "map" && tree?.kind === "map";
  return { tree: { kind: "map", entries, origin: isSection ? tree.origin : value.origin } };
}

/** In a map, names match in any case, as those of headers do. */
function nameOf(
  segment: string,
  { node, entries }: { readonly node: Node | undefined; readonly entries: ReadonlyMap<string, Tree> },
): string {
  const written = [...entries.keys()].find((name) => name.toLowerCase() === segment.toLowerCase());
  return (node?.kind === "map" ? written : undefined) ?? segment.toLowerCase();
}
