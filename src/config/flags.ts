// Flags of the command line, which win over variables and the file.

import { listNodes } from "./node.ts";
import type { Origin } from "./origin.ts";
import { root } from "./schema.ts";
import { listItems, type Tree, treeAt, withTree } from "./tree.ts";

/** The values of flags by name, without dashes. Those that set no key are another's business, but for `http`: plain HTTP. */
export type Flags = Readonly<Record<string, readonly string[] | undefined>>;

/** The tree with the flags in it. A list grows by the values of its flag. */
export function applyFlags(tree: Tree, flags: Flags): Tree {
  return listNodes(root).reduce((before, { path, kind, about: { flag = "" } }) => {
    const [first, ...others] = flags[flag] ?? [];
    if (first === undefined) return before;
    // The operand of `registry proxy` is no flag to its writer.
    const origin: Origin = { kind: "flag", name: flag === "url" ? "<url>" : `--${flag}` };
    const scalar = (text: string): Tree => ({ kind: "scalar", text, origin });
    const items = [...listItems(treeAt(before, path)), scalar(first), ...others.map(scalar)];
    return withTree(before, path.split("."), kind === "list" ? { kind: "list", items, origin } : scalar(first));
  }, tree);
}
