// The driver on a directory. The disk is the truth: nothing is kept in memory that another process may change.
//
//   <root>/docker/…            what the registry stores (registry/layout.ts)
//   <root>/locks, <root>/trash, <root>/gc, <root>/proxy  this driver's own
import { lstatSync, statfsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { stepAside } from "../lib/pacer.ts";
import { sortInTurns } from "../lib/sorted.ts";
import { markDamage } from "./damage-mark.ts";
import {
  countFiles,
  directoriesIn,
  eachDirectory,
  removeDirectory,
  removeEmptyTree,
  statIfThere,
  sweepTemporaryFiles,
} from "./directories.ts";
import type { Driver, Key, ListOptions, Lock, LockMode, OpenUploadOptions, Stat, Upload } from "./driver.ts";
import { DurableFiles, pathOfKey, unlinkIfThere } from "./durable-file.ts";
import { takeFileLock } from "./file-locks.ts";
import { describeFile } from "./file-stat.ts";
import { FileTransfers } from "./file-transfers.ts";
import {
  listTrashEntries,
  moveToTrash,
  moveUnchangedToTrash,
  purgeFromTrash,
  renameEntry,
  restorableEntries,
  restoreFromTrash,
} from "./file-trash.ts";
import { FileUploads } from "./file-upload.ts";
import { isInMemory, openRoot } from "./filesystem-root.ts";
import { type Flock, openFlock } from "./flock.ts";
import { appendIfThere, touchFile } from "./in-place.ts";
import { openSyncfs } from "./libc.ts";
import { MemoryLocks } from "./memory-locks.ts";
import { isObstructed } from "./obstacles.ts";
import { dropCacheOf } from "./page-cache.ts";
import { readIfThere } from "./read-file.ts";
import { takeWorkHold } from "./work-hold.ts";

/** Where a filesystem store lies and how careful it is. */
export interface FilesystemOptions {
  readonly root: string;
  /** Whether what was acknowledged survives a power cut (it survives a kill in any case). */
  readonly isDurable: boolean;
  /** Frees one thing after the other on a full disk that has no locks and no trash yet, and so no server of ours. */
  readonly makeRoom?: ((driver: Driver) => AsyncIterable<unknown>) | undefined;
}

/** A store that was opened. */
export interface OpenedFilesystem {
  readonly driver: Driver;
  /** What an operator should know: no locks, read-only. */
  readonly warnings: readonly string[];
}

/** Journals that write metadata back in order (statfs magic numbers): ext4, xfs, and tmpfs, which keeps nothing. */
const orderedFilesystems: readonly number[] = [0xef53, 0x58465342, 0x01021994];
const settledAgeMs = 60_000;

/** Makes what a store needs and opens it; throws the system's error where that cannot be. */
export async function openFilesystem(options: FilesystemOptions): Promise<OpenedFilesystem> {
  const root = resolve(options.root);
  const files = new DurableFiles(root, { isDurable: options.isDurable && !isInMemory(root) });
  const { makeRoom } = options;
  const open = (flock: Flock | undefined) => new FilesystemDriver(root, files, flock);
  const { flock, warnings } = await openRoot(files, root, makeRoom && (() => makeRoom(open(openFlock()))));
  files.holdRoot();
  return { driver: open(flock), warnings };
}

class FilesystemDriver implements Driver {
  readonly #transfers: FileTransfers;
  readonly #root: string;
  readonly #files: DurableFiles;
  readonly #flock: Flock | undefined;
  readonly #uploads: FileUploads;
  readonly #locksHere = new MemoryLocks();
  readonly #isOrdered: boolean;

  constructor(root: string, files: DurableFiles, flock: Flock | undefined) {
    this.#root = root;
    this.#files = files;
    this.#flock = flock;
    this.#uploads = new FileUploads(root, files, flock);
    this.#transfers = new FileTransfers(root, files, flock);
    this.#isOrdered = orderedFilesystems.includes(statfsSync(root).type);
  }

  /** Every call begins here or at the next ones: what is not in its place has no paths. */
  #path(key: Key): string {
    this.#files.checkRoot();
    return pathOfKey(this.#root, key);
  }

  /** The path of a key, in a turn of the event loop that has time left: every call on an object begins here. */
  async #reach(key: Key): Promise<string> {
    await stepAside();
    return this.#path(key);
  }

  #trashPath(name: string): string {
    return pathOfKey(this.#path("trash"), name);
  }

  async stat(key: Key, { isLinkFollowed } = { isLinkFollowed: true }): Promise<Stat | undefined> {
    const path = await this.#reach(key);
    const stat = isLinkFollowed ? statIfThere(path) : lstatSync(path, { throwIfNoEntry: false });
    return stat?.isFile() === true ? describeFile(stat) : undefined;
  }

  async read(key: Key, maxBytes: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const path = this.#path(key);
    const stat = await this.stat(key);
    if (stat === undefined || stat.sizeBytes > maxBytes) return undefined;
    return await readIfThere(path, stat.sizeBytes);
  }

  async open(key: Key): Promise<Blob | undefined> {
    return (await this.stat(key)) === undefined ? undefined : Bun.file(this.#path(key));
  }

  async dropCache(key: Key): Promise<void> {
    dropCacheOf(await this.#reach(key));
  }

  async write(key: Key, bytes: Uint8Array): Promise<void> {
    await this.#files.replaceFile(await this.#reach(key), bytes);
  }

  async append(key: Key, bytes: Uint8Array): Promise<number | undefined> {
    return appendIfThere(await this.#reach(key), bytes);
  }

  async touch(key: Key): Promise<boolean> {
    return touchFile(this.#files, await this.#reach(key));
  }

  async noteDamage(key: Key, judged: Stat, isDamaged: boolean): Promise<boolean> {
    return markDamage(this.#files, await this.#reach(key), { judged, isDamaged });
  }

  async delete(key: Key): Promise<boolean> {
    const path = await this.#reach(key);
    if (!(await this.#files.unlink(path))) return false;
    removeDirectory(dirname(path));
    return true;
  }

  async forget(key: Key): Promise<boolean> {
    const path = await this.#reach(key);
    if (!unlinkIfThere(path)) return false;
    removeDirectory(dirname(path));
    return true;
  }

  async syncAll(): Promise<void> {
    await this.#files.syncAll(openSyncfs());
  }

  async settle(keys: readonly Key[]): Promise<void> {
    if (this.#isOrdered) return;
    for (const key of keys) {
      const stat = await this.stat(key);
      if (stat !== undefined && Date.now() - stat.changedMs < settledAgeMs) {
        const directory = dirname(this.#path(key));
        await this.#files.makeDirectory(directory);
        await this.#files.syncDirectory(directory);
      }
    }
  }

  async list(prefix: Key, options: ListOptions = {}): Promise<readonly string[]> {
    const { after = "", limit, others } = options;
    const names = await directoriesIn(this.#path(prefix), others);
    return (await sortInTurns(names.filter((name) => name > after))).slice(0, limit);
  }

  names = async (prefix: Key): Promise<AsyncIterable<string>> => eachDirectory(this.#path(prefix));

  isObstructed = async (key: Key): Promise<boolean> => isObstructed(this.#path(key));

  async exists(prefix: Key): Promise<boolean> {
    return statIfThere(await this.#reach(prefix))?.isDirectory() ?? false;
  }

  async prefixTime(prefix: Key): Promise<number | undefined> {
    const stat = statIfThere(await this.#reach(prefix));
    return stat?.isDirectory() === true ? Math.max(stat.mtimeMs, stat.ctimeMs) : undefined;
  }

  async makePrefix(prefix: Key): Promise<void> {
    await this.#files.makeDirectory(await this.#reach(prefix));
  }

  countObjects = async (prefix: Key): Promise<number> => countFiles(this.#path(prefix));

  async removeEmpty(prefix: Key, { isDurable } = { isDurable: true }): Promise<boolean> {
    const path = this.#path(prefix);
    const isRemoved = await removeEmptyTree(path);
    if (isRemoved && isDurable) await this.#files.syncDirectory(dirname(path));
    return isRemoved;
  }

  async removePrefix(prefix: Key): Promise<boolean> {
    const path = await this.#reach(prefix);
    const isRemoved = removeDirectory(path) || statIfThere(path) === undefined;
    if (isRemoved) await this.#files.syncDirectory(dirname(path));
    return isRemoved;
  }

  keepsProcessesApart(): boolean {
    return this.#flock !== undefined;
  }

  async lock(name: string, mode: LockMode, { waitMs }: { readonly waitMs: number }): Promise<Lock | undefined> {
    if (this.#flock === undefined) return this.#locksHere.take(name, mode, waitMs);
    return takeFileLock(this.#flock, this.#path("locks"), { name, mode, waitMs });
  }

  async holdWork(kind: string, note: string): Promise<Disposable | { readonly heldBy: string }> {
    const path = this.#path(`${kind}/lock`);
    if (this.#flock !== undefined) return takeWorkHold(this.#flock, path, note);
    return (await this.#locksHere.take(`work ${kind}`, "alone", 0)) ?? { heldBy: "this process" };
  }

  async trash(key: Key, name: string): Promise<boolean> {
    return moveToTrash(this.#files, await this.#reach(key), this.#trashPath(name));
  }

  async trashUnchanged(key: Key, name: string, judged: Stat): Promise<boolean> {
    const path = await this.#reach(key);
    if (!(await moveUnchangedToTrash(this.#files, path, { entry: this.#trashPath(name), judged }))) return false;
    removeDirectory(dirname(path));
    return true;
  }

  async listTrash(kind: string): Promise<readonly string[]> {
    return listTrashEntries(this.#path("trash"), kind);
  }

  async statTrash(name: string): Promise<Stat | undefined> {
    await stepAside();
    const stat = lstatSync(this.#trashPath(name), { throwIfNoEntry: false });
    return stat === undefined ? undefined : describeFile(stat);
  }

  async openInTrash(name: string): Promise<Blob | undefined> {
    const [entry] = await restorableEntries(this.#trashPath(name));
    return entry === undefined ? undefined : Bun.file(entry);
  }

  async renameTrash(from: string, to: string): Promise<boolean> {
    return renameEntry(this.#trashPath(from), this.#trashPath(to));
  }

  async restore(name: string, key: Key): Promise<boolean> {
    return restoreFromTrash(this.#files, this.#trashPath(name), this.#path(key));
  }

  async purge(name: string): Promise<void> {
    await purgeFromTrash(this.#trashPath(name));
  }

  async createUpload(key: Key, beside: Readonly<Record<string, string>>): Promise<void> {
    await this.#uploads.create(key, beside);
  }

  async protectUpload(key: Key): Promise<void> {
    this.#files.checkRoot();
    this.#uploads.protect(key);
  }

  async discardUpload(key: Key): Promise<void> {
    this.#files.checkRoot();
    await this.#uploads.discard(key);
  }

  async openUpload(key: Key, options: OpenUploadOptions): Promise<Upload | "busy" | undefined> {
    this.#files.checkRoot();
    return this.#uploads.open(key, options);
  }

  async sweepTemporary(olderThanMs: number, { isDryRun } = { isDryRun: false }): Promise<number> {
    const options = { beforeMs: Date.now() - olderThanMs, isDryRun };
    let count = 0;
    for (const place of ["docker", "proxy", "locks"]) count += await sweepTemporaryFiles(this.#path(place), options);
    return count;
  }

  transfers = () => this.#transfers;

  async space() {
    const { bavail, blocks, bsize } = statfsSync(this.#root);
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  }
}
