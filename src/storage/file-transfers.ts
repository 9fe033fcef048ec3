// Transfers on a filesystem: one append-only file each. Its holder has it under flock; who follows it reads the same
// file through a descriptor of his own, which outlives the moving and the removing of the file.
import { fstatSync, ftruncate as ftruncateCallback, read as readCallback, statSync, unlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { openOwned } from "./descriptors.ts";
import { isGone, namesIn } from "./directories.ts";
import type { Flock } from "./flock.ts";
import { holdGrowingFile, openToAppend } from "./growing-file.ts";
import type { KeyPaths } from "./key-paths.ts";
import { isStillAt } from "./lock-files.ts";
import type { Following, Key, Transfer, Transfers } from "./ports.ts";

const read = promisify(readCallback) as (
  descriptor: number,
  buffer: Uint8Array,
  offset: number,
  length: number,
  position: number,
) => Promise<{ readonly bytesRead: number }>;

/** Off this thread: a large file takes a while. */
const truncate = promisify(ftruncateCallback) as (descriptor: number, sizeBytes: number) => Promise<void>;

/** A holder may end between the opening and the locking of its file, this often in a row. */
const maxTries = 100;

/** The transfers of one store. `flock` is undefined if the filesystem has no locks. */
export class FileTransfers implements Transfers {
  readonly #paths: KeyPaths;
  readonly #flock: Flock | undefined;
  /** Paths that are held in this process: all there is if the filesystem has no locks. */
  readonly #held = new Set<string>();

  constructor(paths: KeyPaths, flock: Flock | undefined) {
    this.#paths = paths;
    this.#flock = flock;
  }

  /** Takes hold of a transfer; see the contract in ports.ts. */
  async open(key: Key): Promise<Transfer | "busy"> {
    const path = this.#paths.of(key);
    for (let attempt = 1; attempt <= maxTries && !this.#held.has(path); attempt += 1) {
      await this.#paths.files.makeDirectory(dirname(path));
      using owner = new DisposableStack();
      const descriptor = await openToAppend(owner, path, { isMade: true });
      if (this.#held.has(path) || this.#flock?.tryLock(descriptor, "alone") === false) return "busy";
      if (isStillAt(descriptor, path)) return this.#hold(owner, { descriptor, path });
    }
    return "busy";
  }

  #hold(
    owner: DisposableStack,
    { descriptor, path }: { readonly descriptor: number; readonly path: string },
  ): Transfer {
    const growing = holdGrowingFile({ paths: this.#paths, path }, descriptor);
    this.#held.add(path);
    owner.defer(() => void this.#held.delete(path));
    const held = owner.move();
    return Object.assign(growing, {
      discard: async () => {
        await this.#paths.files.unlink(path);
        // Or whoever follows it would hold its room. What was moved into its place before a failure has a name still.
        if (fstatSync(descriptor).nlink === 0) await truncate(descriptor, 0);
      },
      [Symbol.dispose]: () => held.dispose(),
    });
  }

  /** A reader of a transfer; see the contract in ports.ts. */
  async follow(key: Key): Promise<Following | undefined> {
    const path = this.#paths.of(key);
    using owner = new DisposableStack();
    const descriptor = openIfThere(owner, path, "r");
    if (descriptor === undefined) return undefined;
    const held = owner.move();
    return {
      sizeBytes: () => fstatSync(descriptor).size,
      isInPlace: () => isStillAt(descriptor, path),
      isAt: (place) => isStillAt(descriptor, this.#paths.of(place)),
      read: async (offset, maxBytes) => {
        // Its number may be another file's by now.
        if (held.disposed) throw new Error("the transfer is not followed any more");
        // Not zeroed first: only what was read is handed out.
        const buffer = Buffer.allocUnsafeSlow(maxBytes);
        const { bytesRead } = await read(descriptor, buffer, 0, maxBytes, offset);
        return buffer.subarray(0, bytesRead);
      },
      [Symbol.dispose]: () => held.dispose(),
    };
  }

  /** Removes transfers that nobody holds; see the contract in ports.ts. */
  async sweep(prefix: Key, olderThanMs: number): Promise<number> {
    const beforeMs = Date.now() - olderThanMs;
    const directory = this.#paths.of(prefix);
    const names = await namesIn(directory);
    return names.filter((name) => this.#removeResting(join(directory, name), beforeMs)).length;
  }

  #removeResting(path: string, beforeMs: number): boolean {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined || !stat.isFile() || Math.max(stat.mtimeMs, stat.ctimeMs) >= beforeMs) return false;
    // A lock alone over NFS wants a descriptor that may write.
    using owner = new DisposableStack();
    const descriptor = openIfThere(owner, path, "r+");
    if (descriptor === undefined) return false;
    if (this.#held.has(path) || this.#flock?.tryLock(descriptor, "alone") === false) return false;
    if (!isStillAt(descriptor, path)) return false;
    unlinkSync(path);
    return true;
  }
}

function openIfThere(owner: DisposableStack, path: string, flags: "r" | "r+"): number | undefined {
  try {
    return openOwned(owner, path, flags);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}
