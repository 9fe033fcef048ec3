// Files that survive: written beside their place, synced, renamed into it, and the directory synced. With durability
// off nothing is synced: a kill loses nothing then, a power cut may.
import {
  fchmodSync,
  fsync as fsyncCallback,
  mkdirSync,
  read as readCallback,
  rename as renameCallback,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  unlinkSync,
  write as writeCallback,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { BoundedMap } from "../lib/bounded-map.ts";
import { errorCode } from "../lib/system-error.ts";
import { openOwned } from "./descriptors.ts";
import { renameOver } from "./obstacles.ts";
import { sharedFileMode } from "./private-places.ts";
import { RootHold } from "./root-hold.ts";

const fsync = promisify(fsyncCallback);
const read = promisify(readCallback);
const rename = promisify(renameCallback);
const write = promisify(writeCallback);

/** A collector may remove an empty directory while a writer fills it; the writer makes it again, this often. */
const maxTries = 10;
/** A directory this old has been written back by the kernel, whoever made it. */
const settledAgeMs = 60_000;
/** Up to here a write into the page cache is shorter than the way to another thread. */
export const writeInPlaceBytes = 64 * 1024;
const maxRememberedDirectories = 10_000;
const copyBufferBytes = 1024 * 1024;
/** A file of this size that is replaced takes the system so long to give back that it is done on another thread. */
const longRenameBytes = 4 * 1024 * 1024;

/** Runs the work again if a directory vanished under it. */
async function retryWithoutDirectory<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (errorCode(error) !== "ENOENT" || attempt >= maxTries) throw error;
    }
  }
}

/** Writes files and makes directories below one root, which is an absolute path without "." and "..". */
export class DurableFiles {
  readonly #root: string;
  readonly #isDurable: boolean;
  /** Of every file that is not private. */
  readonly sharedMode: number = sharedFileMode & ~process.umask();
  /** Which directory, of those that had the path one after the other, has its entry in the parent synced. */
  readonly #settled = new BoundedMap<string, string>(maxRememberedDirectories);
  #hold: RootHold | undefined;

  constructor(root: string, options: { readonly isDurable: boolean }) {
    this.#root = root;
    this.#isDurable = options.isDurable;
  }

  /** From now on nothing is made or acknowledged unless the root is in its place. */
  holdRoot(): void {
    this.#hold = new RootHold(this.#root);
  }

  /** Throws ESTALE if the root is not in its place, as far as was seen within a millisecond. */
  readonly checkRoot = (): void => this.#hold?.checkLately();

  /** The same, seen now: before what was written is acknowledged. */
  #confirmRoot(): void {
    this.#hold?.check();
  }

  /** Gives a file that was private until now the mode of every other one; if modes mean nothing there, it has it. */
  share(descriptor: number): void {
    try {
      fchmodSync(descriptor, this.sharedMode);
    } catch (error) {
      if (!["EPERM", "ENOTSUP", "EOPNOTSUPP"].includes(errorCode(error) ?? "")) throw error;
    }
  }

  /** Flushes a file. On an error the caller drops the file: a second fsync of it may wrongly succeed. */
  async syncFile(descriptor: number): Promise<void> {
    if (this.#isDurable) await fsync(descriptor);
  }

  /** Flushes the entries of a directory; one that was removed meanwhile has none. */
  async syncDirectory(path: string): Promise<void> {
    if (!this.#isDurable) return;
    using owner = new DisposableStack();
    let descriptor: number;
    try {
      descriptor = openOwned(owner, path, "r");
    } catch (error) {
      if (errorCode(error) === "ENOENT") return;
      throw error;
    }
    await fsync(descriptor);
  }

  /** Makes a directory with its parents, so that it survives even if another process made a part of it just now. */
  async makeDirectory(path: string): Promise<void> {
    this.checkRoot();
    if (this.#isKnown(path)) return;
    const parents = await retryWithoutDirectory(async () => this.#makeMissing(path));
    // At once: a journal writes them back together.
    await Promise.all([...parents].map((parent) => this.syncDirectory(parent)));
    this.#remember(path);
  }

  /** Whether the directory is there, and is the one whose entry this process has synced. */
  #isKnown(path: string): boolean {
    const known = this.#settled.get(path);
    if (known === undefined) return false;
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat !== undefined && identityOf(stat) === known;
  }

  /**
   * Makes the directory with what is missing above it; adds those whose entries may not be on disk yet. What is there is found
   * by the attempt to make it.
   */
  #makeMissing(path: string, unsynced = new Set<string>()): Set<string> {
    if (path === this.#root) return unsynced;
    const parent = dirname(path);
    const outcome = makeOne(path);
    if (outcome === "without parent") {
      this.#makeMissing(parent, unsynced);
      // By somebody else meanwhile; or the parent is gone again, which is tried again unless the root is gone.
      if (makeOne(path) === "without parent") {
        this.#confirmRoot();
        throw Object.assign(new Error(`ENOENT: ${parent}`), { code: "ENOENT" });
      }
      return unsynced.add(parent);
    }
    if (!this.#isDurable) return unsynced;
    if (outcome === "made") this.#addUnsettled(parent, unsynced).add(parent);
    else this.#addUnsettled(path, unsynced);
    return unsynced;
  }

  /** Adds the parents of this directory and those above it whose entries may not be on disk yet, whoever made them. */
  #addUnsettled(directory: string, unsynced: Set<string>): Set<string> {
    if (directory === this.#root || this.#isSettled(directory)) return unsynced;
    return this.#addUnsettled(dirname(directory), unsynced).add(dirname(directory));
  }

  #isSettled(directory: string): boolean {
    const stat = statSync(directory);
    if (this.#settled.get(directory) === identityOf(stat)) return true;
    const bornMs = stat.birthtimeMs > 0 ? stat.birthtimeMs : stat.ctimeMs;
    return Date.now() - bornMs > settledAgeMs;
  }

  /** After `makeDirectory` has synced the parents, each directory on the way is known to be there for good. */
  #remember(path: string): void {
    if (!this.#isDurable) return;
    for (let directory = path; directory !== this.#root; directory = dirname(directory)) {
      const stat = statSync(directory, { throwIfNoEntry: false });
      if (stat === undefined || this.#settled.get(directory) === identityOf(stat)) return;
      this.#settled.set(directory, identityOf(stat));
    }
  }

  /** Replaces a file, or an empty directory in its place, all or nothing. */
  async replaceFile(path: string, bytes: Uint8Array): Promise<void> {
    await this.#replace(path, (descriptor) => writeAll(descriptor, bytes));
  }

  /** Replaces a file by a copy of itself, or of another one, which is new and this user's own; false if there is none. */
  async renewFile(path: string, from = path): Promise<boolean> {
    using owner = new DisposableStack();
    let source: number;
    try {
      source = openOwned(owner, from, "r");
    } catch (error) {
      if (errorCode(error) === "ENOENT") return false;
      throw error;
    }
    await this.#replace(path, (descriptor) => copyAll(source, descriptor));
    return true;
  }

  async #replace(path: string, fill: (descriptor: number) => Promise<void>): Promise<void> {
    const temporary = `${path}.${crypto.randomUUID()}.tmp`;
    using owner = new DisposableStack();
    const descriptor = await this.inDirectory(dirname(path), () => openOwned(owner, temporary, "wx", sharedFileMode));
    try {
      await fill(descriptor);
      await this.syncFile(descriptor);
      // A failure to close it fails the write, too.
      owner.dispose();
      renameOver(temporary, path);
    } catch (error) {
      removeQuietly(temporary);
      throw error;
    }
    await this.syncDirectory(dirname(path));
    this.#confirmRoot();
  }

  /** Runs the work with the directory in place, again if a collector removed it meanwhile. */
  async inDirectory<T>(directory: string, work: () => T | Promise<T>): Promise<T> {
    return retryWithoutDirectory(async () => {
      await this.makeDirectory(directory);
      return await work();
    });
  }

  /** Moves a file of this size over another place and makes the move durable; from another disk it is copied. */
  async moveOver(from: string, to: string, sizeBytes: number): Promise<void> {
    const move = sizeBytes < longRenameBytes ? () => renameSync(from, to) : () => rename(from, to);
    try {
      await this.inDirectory(dirname(to), move);
    } catch (error) {
      if (errorCode(error) !== "EXDEV" || !(await this.renewFile(to, from))) throw error;
      unlinkSync(from);
      return;
    }
    await this.syncDirectory(dirname(to));
    this.#confirmRoot();
  }

  /** Removes a file durably; false if there was none. */
  async unlink(path: string): Promise<boolean> {
    if (!unlinkIfThere(path)) return false;
    await this.syncDirectory(dirname(path));
    return true;
  }

  /** Writes back everything of the filesystem that the root lies on. */
  async syncAll(syncfs: ((descriptor: number) => boolean) | undefined): Promise<void> {
    if (!this.#isDurable) return;
    using owner = new DisposableStack();
    if (syncfs?.(openOwned(owner, this.#root, "r")) !== true) throw new Error(`${this.#root} could not be synced`);
  }
}

/** Removes a file; false if there was none. */
export function unlinkIfThere(path: string): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "EISDIR"].includes(errorCode(error) ?? "")) return false;
    throw error;
  }
}

/** An inode number alone is given to the next directory when one is removed. */
function identityOf({ ino, birthtimeMs }: Stats): string {
  return `${ino}:${birthtimeMs}`;
}

/** What went wrong before is what the caller needs to know. */
function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // Swept when it is a day old.
  }
}

async function copyAll(source: number, target: number): Promise<void> {
  const buffer = new Uint8Array(copyBufferBytes);
  for (;;) {
    const { bytesRead } = await read(source, buffer, 0, buffer.length, null);
    if (bytesRead === 0) return;
    await writeAll(target, buffer.subarray(0, bytesRead));
  }
}

function makeOne(directory: string): "made" | "there" | "without parent" {
  try {
    mkdirSync(directory);
    return "made";
  } catch (error) {
    if (errorCode(error) === "EEXIST") return "there";
    if (errorCode(error) === "ENOENT") return "without parent";
    throw error;
  }
}

/** Writes all bytes; small ones at once, large ones off this thread. */
export async function writeAll(descriptor: number, bytes: Uint8Array): Promise<void> {
  let offset = 0;
  while (offset < bytes.length) {
    const rest = bytes.subarray(offset);
    offset +=
      rest.length <= writeInPlaceBytes ? writeSync(descriptor, rest) : (await write(descriptor, rest)).bytesWritten;
  }
}
