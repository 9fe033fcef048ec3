// Who may prepare a root. Until `locks` is there nothing else keeps processes apart, so the root's own directory is
// locked: two starts prepare one after the other, and whoever frees space on a full disk first is alone.
import { join } from "node:path";
import { openOwned } from "./descriptors.ts";
import type { Flock } from "./flock.ts";
import { sharedPlace } from "./places.ts";
import { tryUntil } from "./wait.ts";

/**
 * Holds an unprepared root exclusively. Undefined if the filesystem does not lock directories; throws if another
 * process keeps the root for longer than `waitMs`.
 */
export async function enterRoot(
  flock: Flock,
  root: string,
  { waitMs }: { readonly waitMs: number },
): Promise<Disposable | undefined> {
  using owner = new DisposableStack();
  const descriptor = openOwned(owner, root, "r");
  // Nobody ever holds this one exclusively.
  if (!flock.tryLock(openOwned(owner, join(root, sharedPlace), "r"), "shared")) return undefined;
  const take = () => flock.tryLock(descriptor, "alone") || undefined;
  if (await tryUntil(take, waitMs)) return owner.move();
  throw new Error(`another process is preparing it, or making room there; \`fuser ${root}\` shows which`);
}
