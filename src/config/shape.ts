// The known names as a tree, made from the tables of keys: what may stand below what.

import { closedSections, type ForeignKey } from "./foreign-keys.ts";
import type { AnyKey } from "./schema.ts";

/** A known name: a key, a section, or both. */
export interface Shape {
  readonly path: string;
  readonly children: ReadonlyMap<string, Shape>;
  readonly key: AnyKey | undefined;
  readonly foreign: ForeignKey | undefined;
  /** Why a name that is not among the children is an error; undefined: it is only a warning. */
  readonly closedBecause: string | undefined;
}

interface OpenShape extends Shape {
  readonly children: Map<string, OpenShape>;
  key: AnyKey | undefined;
  foreign: ForeignKey | undefined;
}

/** The tree of all names in the two tables. */
export function buildShape(keys: readonly AnyKey[], foreignKeys: readonly ForeignKey[]): Shape {
  const root = openShape("");
  for (const key of keys) insert(root, key.path).key = key;
  for (const foreign of foreignKeys) insert(root, foreign.path).foreign = foreign;
  return root;
}

/** Every path in the tree: sections and keys. */
export function listPaths(shape: Shape): readonly string[] {
  return [...shape.children.values()].flatMap((child) => [child.path, ...listPaths(child)]);
}

function insert(root: OpenShape, path: string): OpenShape {
  return path.split(".").reduce((shape, name) => {
    const child = shape.children.get(name) ?? openShape(shape.path === "" ? name : `${shape.path}.${name}`);
    shape.children.set(name, child);
    return child;
  }, root);
}

function openShape(path: string): OpenShape {
  return { path, children: new Map(), key: undefined, foreign: undefined, closedBecause: closedSections[path] };
}
