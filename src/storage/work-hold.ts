// The one hold that there is on a kind of work: a locked file in which its holder says who it is.
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { isStillAt } from "./file-locks.ts";
import type { Flock } from "./flock.ts";
import { privateFileMode } from "./private-places.ts";

/** Takes the hold at once, or tells what its holder wrote. The file's directory must exist. */
export function takeWorkHold(flock: Flock, path: string, note: string): Disposable | { readonly heldBy: string } {
  const descriptor = openSync(path, "a", privateFileMode);
  if (!flock.tryLock(descriptor, "alone") || !isStillAt(descriptor, path)) {
    closeSync(descriptor);
    return { heldBy: readFileSync(path, "utf8") || "a process that could not write its name" };
  }
  try {
    ftruncateSync(descriptor);
    writeSync(descriptor, note);
  } catch {
    // The lock holds without the note, and a full disk is where a collection is needed most.
  }
  return { [Symbol.dispose]: () => closeSync(descriptor) };
}
