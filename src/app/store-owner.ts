// Whom a store belongs to. What root makes in the store of a server that runs as somebody else, that server could
// neither replace nor remove.
import { statSync } from "node:fs";
import { join } from "node:path";

/** Of a server's own directories first: a directory of another registry may have been given away once. */
const places = ["locks", "docker/registry/v2"];

/** Where this process is root and the store is not root's: goes on as the user whom it belongs to. */
export function becomeOwner(directory: string): void {
  if (process.geteuid?.() !== 0) return;
  for (const place of places) {
    const stat = statSync(join(directory, place), { throwIfNoEntry: false });
    if (stat === undefined) continue;
    if (stat.uid === 0) return;
    process.setegid?.(stat.gid);
    process.seteuid?.(stat.uid);
    return;
  }
}
