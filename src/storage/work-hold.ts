// The one hold that there is on a kind of work: a locked file in which its holder says who it is.
import { ftruncateSync, readSync, writeSync } from "node:fs";
import { openOwned } from "./descriptors.ts";
import type { Flock } from "./flock.ts";
import { isStillAt } from "./lock-files.ts";
import { privateFileMode } from "./private-places.ts";

/** Takes the hold at once, or tells what its holder wrote. The file's directory must exist. */
export function takeWorkHold(flock: Flock, path: string, note: string): Disposable | { readonly heldBy: string } {
  using owner = new DisposableStack();
  const descriptor = openOwned(owner, path, "a", privateFileMode);
  if (!flock.tryLock(descriptor, "alone") || !isStillAt(descriptor, path)) {
    return { heldBy: readNote(path) || "a process that could not write its name" };
  }
  try {
    ftruncateSync(descriptor);
    writeSync(descriptor, note);
  } catch {
    // The lock holds without the note, and a full disk is when a collection is needed most.
  }
  return owner.move();
}

const maxNoteBytes = 1024;

/** No more than a note can be, whatever lies there. */
function readNote(path: string): string {
  using owner = new DisposableStack();
  const buffer = Buffer.alloc(maxNoteBytes);
  return buffer.toString("utf8", 0, readSync(openOwned(owner, path, "r"), buffer));
}
