// Which driver a configuration means: a directory, or a bucket, under either of the names that distribution has for it.
import { formatOrigin } from "./origin.ts";
import { overlay, type Tree, treeAt, withTree } from "./tree.ts";
import { boolean } from "./values.ts";

/** distribution's other name for s3. */
const otherName = "s3aws";

/** The tree in which a section `storage.s3aws` is `storage.s3`. */
export function renameDriver(tree: Tree): Tree {
  const storage = treeAt(tree, "storage");
  const renamed = storage?.kind === "map" ? storage.entries.get(otherName) : undefined;
  if (storage?.kind !== "map" || renamed === undefined) return tree;
  const entries = new Map([...storage.entries].filter(([name]) => name !== otherName));
  const under = entries.get("s3");
  entries.set("s3", under === undefined ? renamed : overlay(renamed, under, []).tree);
  return withTree(tree, ["storage"], { ...storage, entries });
}

/** Why the drivers of a configuration cannot be meant together: one line each, with its place. */
export function judgeDrivers(tree: Tree): readonly string[] {
  const [directory, bucket] = [treeAt(tree, "storage.filesystem"), treeAt(tree, "storage.s3")];
  if (directory === undefined || bucket === undefined || isOff(bucket)) return [];
  const root = treeAt(directory, "rootdirectory");
  if (root?.origin.kind === "flag") {
    const { name } = root.origin;
    return [`${name}: names a directory, but the data lies in the bucket of storage.s3; leave one of them out`];
  }
  const at = formatOrigin(bucket.origin);
  return [`${at}: storage.s3: storage has two drivers, filesystem and s3; remove one of them`];
}

function isOff(tree: Tree): boolean {
  return tree.kind === "scalar" && boolean.safeParse(tree.text).data === false;
}
