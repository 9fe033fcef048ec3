// The documented keys with what was written for them, and where.

import { listNodes, type Node } from "./node.ts";
import type { Origin } from "./origin.ts";
import { root } from "./schema.ts";
import { isBlankScalar, plain, type Tree, treeAt } from "./tree.ts";

/** One key. */
export interface Setting {
  readonly path: string;
  /** As somebody would write it; undefined: nothing is said, and there is no default. */
  readonly written: unknown;
  readonly origin: Origin;
}

/** Every documented key by its path. */
export type Settings = ReadonlyMap<string, Setting>;

/** The settings of a configuration. */
export function listSettings(tree: Tree, { hasFile }: { readonly hasFile: boolean }): Settings {
  const documented = listNodes(root).filter(({ about }) => about.description !== undefined);
  return new Map(documented.map((node) => [node.path, settingOf(node, treeAt(tree, node.path), hasFile)]));
}

function settingOf(node: Node, tree: Tree | undefined, hasFile: boolean): Setting {
  const { path, about, fallback } = node;
  if (tree !== undefined && (node.isSwitch || !isBlankScalar(tree))) {
    const isPresent = node.isSwitch && (tree.kind === "map" || isBlankScalar(tree));
    return { path, written: isPresent ? "true" : plain(tree), origin: tree.origin };
  }
  return { path, written: (hasFile ? about.inFile : undefined) ?? fallback, origin: { kind: "default" } };
}
