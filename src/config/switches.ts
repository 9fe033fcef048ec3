// Sections that are on if they are present: what people write in the files of other programs switches them off.

import { listNodes } from "./node.ts";
import { root } from "./schema.ts";
import { type Tree, treeAt, withTree } from "./tree.ts";
import { boolean } from "./values.ts";

/** The tree in which `disabled: true` or `enabled: false` in such a section has become `false` in its place. */
export function applySwitches(tree: Tree): Tree {
  const switches = listNodes(root).filter(({ isSwitch, children }) => isSwitch && children.has("disabled"));
  return switches.reduce((before, { path }) => {
    const off = findOff(treeAt(before, path));
    const value: Tree | undefined = off && { kind: "scalar", text: "false", origin: off.origin };
    return value === undefined ? before : withTree(before, path.split("."), value);
  }, tree);
}

function findOff(section: Tree | undefined): Tree | undefined {
  if (section?.kind !== "map") return undefined;
  const { entries } = section;
  return [entries.get("disabled"), entries.get("enabled")].find((tree, index) => {
    return tree?.kind === "scalar" && boolean.safeParse(tree.text).data === (index === 0);
  });
}
