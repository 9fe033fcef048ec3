// Uploads on a filesystem: one append-only file each, held by flock while bytes flow, moved into place at the end.
import {
  closeSync,
  constants,
  fstatSync,
  futimesSync,
  mkdirSync,
  openSync,
  rmSync,
  writeFileSync,
  writev as writevCallback,
  writevSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { isGone } from "./directories.ts";
import type { Key, OpenUploadOptions, Upload } from "./driver.ts";
import { type DurableFiles, pathOfKey, writeInPlaceBytes } from "./durable-file.ts";
import { isStillAt } from "./file-locks.ts";
import type { Flock } from "./flock.ts";
import { tryUntil } from "./wait.ts";

const writev = promisify(writevCallback) as (
  descriptor: number,
  pieces: readonly Uint8Array[],
) => Promise<{ readonly bytesWritten: number }>;

/** The uploads of one store. `flock` is undefined where the filesystem has no locks. */
export class FileUploads {
  readonly #root: string;
  readonly #files: DurableFiles;
  readonly #flock: Flock | undefined;
  /** Who holds which path in this process. */
  readonly #holders = new Map<string, AbortController>();

  constructor(root: string, files: DurableFiles, flock: Flock | undefined) {
    this.#root = root;
    this.#files = files;
    this.#flock = flock;
  }

  /** Makes the directory of an upload with an empty file in it. */
  async create(key: Key, beside: Readonly<Record<string, string>>): Promise<void> {
    const path = pathOfKey(this.#root, key);
    const session = dirname(path);
    await this.#files.makeDirectory(dirname(session));
    mkdirSync(session);
    for (const [name, content] of Object.entries(beside)) writeFileSync(join(session, name), content);
    closeSync(openSync(path, "wx"));
  }

  /** Removes the directory of an upload whose file was moved away. */
  async discard(key: Key): Promise<void> {
    rmSync(dirname(pathOfKey(this.#root, key)), { recursive: true, force: true });
  }

  /** Takes hold of an upload; see the contract in driver.ts. */
  async open(key: Key, { waitMs, preempted }: OpenUploadOptions): Promise<Upload | "busy" | undefined> {
    const path = pathOfKey(this.#root, key);
    const descriptor = openToAppend(path);
    if (descriptor === undefined) return undefined;
    this.#holders.get(path)?.abort();
    const isHeld = await tryUntil(() => this.#tryHold(descriptor, path), waitMs);
    if (isHeld === true && isStillAt(descriptor, path)) {
      this.#holders.set(path, preempted);
      return this.#hold(descriptor, path, preempted);
    }
    closeSync(descriptor);
    return isHeld === true ? undefined : "busy";
  }

  #tryHold(descriptor: number, path: string): true | undefined {
    if (this.#holders.has(path)) return undefined;
    return this.#flock === undefined || this.#flock.tryLock(descriptor, "alone") ? true : undefined;
  }

  #hold(descriptor: number, path: string, holder: AbortController): Upload {
    const files = this.#files;
    const root = this.#root;
    const stat = fstatSync(descriptor);
    let sizeBytes = stat.size;
    return {
      identity: `${stat.dev}:${stat.ino}`,
      get sizeBytes() {
        return sizeBytes;
      },
      append: async (pieces) => {
        let rest = pieces;
        while (rest.length > 0) {
          const bytesWritten = await writeSome(descriptor, rest);
          sizeBytes += bytesWritten;
          rest = dropBytes(rest, bytesWritten);
        }
      },
      content: () => Bun.file(path),
      commit: async (to) => {
        // rename does not freshen the time, which the collector judges the age by.
        const now = new Date();
        futimesSync(descriptor, now, now);
        await files.syncFile(descriptor);
        await files.moveOver(path, pathOfKey(root, to));
      },
      [Symbol.dispose]: () => {
        if (this.#holders.get(path) === holder) this.#holders.delete(path);
        closeSync(descriptor);
      },
    };
  }
}

/** Small pieces at once, large ones off this thread; returns how many bytes were written. */
async function writeSome(descriptor: number, pieces: readonly Uint8Array[]): Promise<number> {
  const sizeBytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
  if (sizeBytes <= writeInPlaceBytes) return writevSync(descriptor, pieces);
  return (await writev(descriptor, pieces)).bytesWritten;
}

function openToAppend(path: string): number | undefined {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_APPEND);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** What is left of the pieces after their first bytes were written. */
function dropBytes(pieces: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  let left = count;
  let index = 0;
  for (const piece of pieces) {
    if (left < piece.length) break;
    left -= piece.length;
    index += 1;
  }
  const [first, ...others] = pieces.slice(index);
  return first === undefined ? [] : [first.subarray(left), ...others];
}
