// Locks by name on a directory of lock files, shared by all processes:
//
//   <directory>/<xx>        the lock; xx is the first byte of sha256(name) in hex
//   <directory>/<xx>.gate   whoever wants the lock passes here first, so that a stream of shared holders does not
//                           starve the one that wants it exclusively
//
// All 512 files are made at the first start and never removed.
import { existsSync, fstatSync, readdirSync, type Stats, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errorCode } from "../lib/system-error.ts";
import { openOwned, openOwnedSoon } from "./descriptors.ts";
import { isGone, lookAt, statIfThere } from "./directories.ts";
import type { Flock } from "./flock.ts";
import type { Lock, LockMode } from "./ports.ts";
import { privateFileMode } from "./private-places.ts";
import { tryUntil } from "./wait.ts";

const stripes: readonly string[] = Array.from({ length: 256 }, (_, stripe) => stripe.toString(16).padStart(2, "0"));

/** The paths of the locks in this directory. */
export function lockFiles(directory: string): readonly string[] {
  return stripes.map((stripe) => join(directory, stripe));
}

/** Whether all of them are there: one look at the directory takes a tenth of one at each. */
export function hasLockFiles(directory: string): boolean {
  if (!existsSync(directory)) return false;
  const present = new Set(readdirSync(directory));
  return stripes.every((stripe) => present.has(stripe));
}

/** Makes the lock files that are missing. Their directory must exist. */
export function makeLockFiles(directory: string): void {
  const present = new Set(readdirSync(directory));
  for (const name of stripes.flatMap((stripe) => [stripe, `${stripe}.gate`])) {
    if (!present.has(name)) writeFileSync(join(directory, name), "", { flag: "a", mode: privateFileMode });
  }
}

/** Takes the lock of this name, or returns undefined if it was not free in time. */
export async function takeFileLock(
  flock: Flock,
  directory: string,
  request: { readonly name: string; readonly mode: LockMode; readonly waitMs: number },
): Promise<Lock | undefined> {
  const stripe = Bun.CryptoHasher.hash("sha256", request.name, "hex").slice(0, 2);
  const endMs = performance.now() + request.waitMs;
  const take = (file: string, { isGate = false } = {}) =>
    tryUntil(() => openLocked(flock, join(directory, file), { ...request, isGate }), endMs - performance.now());
  using owner = new DisposableStack();
  const gate = await take(`${stripe}.gate`, { isGate: true });
  if (gate === undefined) return undefined;
  owner.use(gate);
  const main = await take(stripe);
  if (main === undefined) return undefined;
  owner.use(main);
  if (request.mode === "shared") gate.dispose();
  const held = owner.move();
  return { [Symbol.dispose]: () => held.dispose() };
}

/**
 * The owner of a lock on the file that is at the path now: somebody may have removed the directory meanwhile. Of a gate, which
 * keeps nobody off, it may be another file.
 */
async function openLocked(
  flock: Flock,
  path: string,
  { mode, isGate }: { readonly mode: LockMode; readonly isGate: boolean },
): Promise<DisposableStack | undefined> {
  using owner = new DisposableStack();
  try {
    const descriptor = await openLockFileSoon(owner, path);
    if (!flock.tryLock(descriptor, mode)) return undefined;
    return isGate || (await isHere(fstatSync(descriptor), path)) ? owner.move() : undefined;
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** To read and to write, as NFS wants it for locks of both modes; a disk that is read-only is no NFS that locks. */
export function openLockFile(owner: DisposableStack, path: string): number {
  try {
    return openOwned(owner, path, "r+");
  } catch (error) {
    if (errorCode(error) !== "EROFS") throw error;
    return openOwned(owner, path, "r");
  }
}

/** The same, on another thread if the disk is slow. */
async function openLockFileSoon(owner: DisposableStack, path: string): Promise<number> {
  try {
    return await openOwnedSoon(owner, path, "r+");
  } catch (error) {
    if (errorCode(error) !== "EROFS") throw error;
    return await openOwnedSoon(owner, path, "r");
  }
}

/** Whether the open file is the one at the path. */
export function isStillAt(descriptor: number, path: string): boolean {
  return isAt(fstatSync(descriptor), path);
}

function isAt(held: Pick<Stats, "dev" | "ino">, path: string): boolean {
  return isSameFile(held, statIfThere(path));
}

/** The same of a file whose status is known, on another thread if the disk is slow: what it is does not change. */
export async function isHere(held: Pick<Stats, "dev" | "ino">, path: string): Promise<boolean> {
  return isSameFile(held, await lookAt(path));
}

function isSameFile(held: Pick<Stats, "dev" | "ino">, found: Stats | undefined): boolean {
  return found !== undefined && found.ino === held.ino && found.dev === held.dev;
}
