// Files that survive: written beside their place, synced, renamed into it, and the directory synced. With durability
// off nothing is synced: a kill loses nothing then, a power cut may.
import {
  fchmodSync,
  fstatSync,
  read as readCallback,
  rename as renameCallback,
  unlinkSync,
  write as writeCallback,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { errorCode } from "../lib/system-error.ts";
import { openOwned, openOwnedSoon, syncDescriptor } from "./descriptors.ts";
import { statThere } from "./directories.ts";
import { disk } from "./disk-calls.ts";
import { type Durability, EntrySyncs, type Journaled } from "./entry-syncs.ts";
import { MadeDirectories, retryWithoutDirectory } from "./made-directories.ts";
import { sharedFileMode } from "./private-places.ts";
import { RootHold } from "./root-hold.ts";
import { placeFiles, removeQuietly, type StagedFile } from "./staged-file.ts";

const read = promisify(readCallback);
const rename = promisify(renameCallback);
const write = promisify(writeCallback);

/** Up to here a write into the page cache is shorter than the way to another thread. */
export const writeInPlaceBytes = 64 * 1024;
const copyBufferBytes = 1024 * 1024;
/** What the system says of a file that is not there, or is none. */
const absentFileCodes: readonly (string | undefined)[] = ["ENOENT", "ENOTDIR", "EISDIR"];
/** The system takes so long to free a replaced file of this size that it is done on another thread. */
const longRenameBytes = 4 * 1024 * 1024;

/** What a file is to be. */
interface NewFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Writes files and makes directories below one root, which is an absolute path without "." and "..". */
export class DurableFiles {
  readonly #root: string;
  /** Whether anything is synced. */
  readonly isDurable: boolean;
  /** Of every file that is not private. */
  readonly sharedMode: number = sharedFileMode & ~process.umask();
  readonly #directories: MadeDirectories;
  readonly #syncs: EntrySyncs;
  #hold: RootHold | undefined;

  constructor(root: string, { isDurable }: { readonly isDurable: boolean }) {
    this.#root = root;
    this.isDurable = isDurable;
    this.#syncs = new EntrySyncs({ isDurable });
    this.#directories = new MadeDirectories(root, {
      isDurable,
      confirmRoot: () => this.#confirmRoot(),
      isSyncedLater: (device) => this.#syncs.isJournaled(device),
      syncDirectory: (path) => this.syncDirectory(path),
    });
  }

  /** From now on directories are not synced one by one, but all at once by this journal: those that lie on its device. */
  syncBy(journal: Journaled | undefined): void {
    this.#syncs.use(journal);
  }

  /** Whether whatever is synced on the root's disk has everything before it there as well, also what other processes did. */
  get isOrdered(): boolean {
    return this.#syncs.isOrdered;
  }

  /** Whether that is so on this device. */
  isOrderedOn(device: number): boolean {
    return this.#syncs.isJournaled(device);
  }

  /** From now on nothing is made or acknowledged unless the root is in its place. */
  holdRoot(): void {
    this.#hold = new RootHold(this.#root);
  }

  /** Throws ESTALE if the root is not in its place, as far as was seen within a millisecond. */
  readonly checkRoot = (): void => this.#hold?.checkLately();

  /** The same, seen now: before what was written is acknowledged. */
  async #confirmRoot(): Promise<void> {
    await this.#hold?.confirm();
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
    if (this.isDurable) await syncDescriptor(descriptor);
  }

  /** Flushes the entries of a directory; one that was removed meanwhile has none. */
  async syncDirectory(path: string): Promise<void> {
    await this.#syncs.sync(path);
  }

  /** Returns when everything is on disk that was to be later. */
  async flush(): Promise<void> {
    await this.#syncs.flush();
  }

  /** Makes a directory with its parents, so that it survives even if another process made a part of it just now. */
  async makeDirectory(path: string): Promise<void> {
    this.checkRoot();
    await this.#directories.make(path);
  }

  /** Replaces a file, or an empty directory in its place, all or nothing. */
  async replaceFile(path: string, bytes: Uint8Array, durability?: Durability): Promise<void> {
    await this.replaceFiles([{ path, bytes }], durability);
  }

  /** Replaces several in this order: whoever sees one of them sees those before it, also after a power cut. */
  async replaceFiles(files: readonly NewFile[], durability: Durability = { isDurable: true }): Promise<void> {
    // Without an order that the filesystem keeps, one has to be on disk before the next one may.
    const batches = this.isOrdered ? [files] : files.map((file) => [file]);
    for (const batch of batches) {
      await this.#place(
        batch.map(
          ({ path, bytes }) =>
            () =>
              this.#stage(path, (descriptor) => writeAll(descriptor, bytes)),
        ),
        durability,
      );
    }
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
    await this.#place([() => this.#stage(path, (descriptor) => copyAll(source, descriptor))], { isDurable: true });
    return true;
  }

  /** Writes the files and syncs them, all at once, then puts them into their places. */
  async #place(stage: readonly (() => Promise<StagedFile>)[], { isDurable }: Durability): Promise<void> {
    const outcomes = await Promise.allSettled(stage.map((begin) => begin()));
    const staged = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    if (failed !== undefined) {
      for (const { temporary } of staged) removeQuietly(temporary);
      throw failed.reason;
    }
    await placeFiles(staged, {
      before: ({ device }) => this.#syncs.precede(device),
      after: ({ path, device }) => this.#syncs.settle({ path: dirname(path), device }, { isDurable: false }),
    });
    if (isDurable) await this.flush();
    await this.#confirmRoot();
  }

  async #stage(path: string, fill: (descriptor: number) => Promise<void>): Promise<StagedFile> {
    const temporary = `${path}.${crypto.randomUUID()}.tmp`;
    using owner = new DisposableStack();
    const descriptor = await this.inDirectory(dirname(path), () =>
      openOwnedSoon(owner, temporary, "wx", sharedFileMode),
    );
    try {
      await fill(descriptor);
      await this.syncFile(descriptor);
      const device = this.isDurable ? fstatSync(descriptor).dev : 0;
      // A failure to close it fails the write, too.
      owner.dispose();
      return { path, temporary, device };
    } catch (error) {
      removeQuietly(temporary);
      throw error;
    }
  }

  /** Runs the work with the directory in place, again if a collector removed it meanwhile. */
  async inDirectory<T>(directory: string, work: () => T | Promise<T>): Promise<T> {
    return retryWithoutDirectory(async () => {
      await this.makeDirectory(directory);
      return await work();
    });
  }

  /** Moves a file of this size over another place; from another disk it is copied. */
  async moveOver(
    from: string,
    to: string,
    { sizeBytes, isDurable = true }: { readonly sizeBytes: number } & Partial<Durability>,
  ): Promise<void> {
    const directory = dirname(to);
    let device = 0;
    const move = async () => {
      if (this.isDurable) ({ dev: device } = await statThere(directory));
      await this.#syncs.precede(device);
      await (sizeBytes < longRenameBytes ? disk.rename(from, to) : rename(from, to));
    };
    try {
      await this.inDirectory(directory, move);
    } catch (error) {
      if (errorCode(error) !== "EXDEV" || !(await this.renewFile(to, from))) throw error;
      unlinkSync(from);
      return;
    }
    await this.#syncs.settle({ path: directory, device }, { isDurable });
    await this.#confirmRoot();
  }

  /** Removes a file durably; false if there was none. */
  async unlink(path: string): Promise<boolean> {
    if (!(await removeFile(path))) return false;
    await this.syncDirectory(dirname(path));
    return true;
  }

  /** Has everything on disk that was made, renamed or removed on the filesystem that the root lies on. */
  async syncAll(syncfs: ((descriptor: number) => boolean) | undefined): Promise<void> {
    if (!this.isDurable) return;
    if (this.isOrdered) return this.#syncs.sync(this.#root);
    using owner = new DisposableStack();
    if (syncfs?.(openOwned(owner, this.#root, "r")) !== true) throw new Error(`${this.#root} could not be synced`);
  }
}

/** Removes a file; false if there was none. On another thread if the disk is slow. */
export async function removeFile(path: string): Promise<boolean> {
  try {
    await disk.unlink(path);
    return true;
  } catch (error) {
    if (absentFileCodes.includes(errorCode(error))) return false;
    throw error;
  }
}

/** The same, at once. */
export function unlinkIfThere(path: string): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch (error) {
    if (absentFileCodes.includes(errorCode(error))) return false;
    throw error;
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

/** Writes all bytes; small ones at once, large ones off this thread. */
export async function writeAll(descriptor: number, bytes: Uint8Array): Promise<void> {
  let offset = 0;
  while (offset < bytes.length) {
    const rest = bytes.subarray(offset);
    offset +=
      rest.length <= writeInPlaceBytes ? writeSync(descriptor, rest) : (await write(descriptor, rest)).bytesWritten;
  }
}
