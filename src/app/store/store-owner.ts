// The owner of a store. A server that runs as another user could neither replace nor remove what root creates in its
// store.
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";

/** Our own directories first: the root may have been handed to another user once. */
const places = ["locks", "docker/registry/v2"];

/** If this process is root and the store belongs to another user, continues as that user. */
export function becomeOwner(directory: string): void {
  const place = places.map((name) => join(directory, name)).find((path) => existsSync(path));
  if (place !== undefined) becomeOwnerOf(place);
}

/** If this process is root and the file or directory belongs to another user, continues as that user. */
export function becomeOwnerOf(path: string): void {
  if (process.geteuid?.() !== 0) return;
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined || stat.uid === 0) return;
  process.setegid?.(stat.gid);
  process.seteuid?.(stat.uid);
}
