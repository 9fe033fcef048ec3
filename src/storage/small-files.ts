// Small files as they were when they were last read, for as long as a look at them finds the same file, unchanged: one call of the
// system instead of four. The disk is still the truth; nothing is known without the look. Only what is read a second time is
// remembered: whoever reads everything once, such as a collection, pays nothing for it, and pushes out nothing.
import { type Stats, statfsSync, statSync } from "node:fs";
import { BoundedMap } from "../lib/bounded-map.ts";
import { lookAt } from "./directories.ts";
import { readIfThere } from "./read-file.ts";

interface KnownFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly stat: Stats;
  readonly readMs: number;
}

/** Links, and manifests of usual sizes. */
const smallBytes = 32 * 1024;
const maxWeight = 8 * 1024 * 1024;
/** Of so many files that were read lately it is known that they were; a power of two. */
const mostOnce = 8192;
/** Of the path and what is noted beside the bytes. */
const leastWeight = 512;
/**
 * A file that changed a moment ago may change once more without a new time: clocks of filesystems have ticks, of two seconds at
 * most.
 */
const settledMs = 3000;
/** The bytes may have gone bad on the disk: what is known is read again after a while, like anything that the system keeps in memory. */
const knownMs = 60_000;

/**
 * Filesystems of this machine, by the numbers of statfs: ext, xfs, btrfs, tmpfs, ramfs, f2fs, zfs, bcachefs, overlay. What others
 * say of a file may be older than the question (NFS, SMB, FUSE).
 */
const localFilesystems: readonly number[] = [
  0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x858458f6, 0xf2f52010, 0x2fc12fc1, 0xca451a4e, 0x794c7630,
];

/** The small files of one device. */
export class SmallFiles {
  readonly #known = new BoundedMap<string, KnownFile>(maxWeight, ({ bytes }) => leastWeight + bytes.length);
  /** Hashes of paths that were read, each in the place that its last bits name. */
  readonly #once = new Uint32Array(mostOnce);
  readonly #device: number | undefined;
  readonly #now: () => number;

  /** The device is undefined if nothing can be remembered of it; `now` is in milliseconds since 1970. */
  constructor(device: number | undefined, now: () => number = Date.now) {
    this.#device = device;
    this.#now = now;
  }

  /** The same as `readIfThere`; whoever gets the bytes must leave them as they are. */
  async read(path: string, maxBytes: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const known = this.#known.get(path);
    if (known !== undefined) {
      const stat = await lookAt(path);
      if (stat !== undefined && this.#isCurrent(known, stat)) {
        return known.bytes.length <= maxBytes ? known.bytes : undefined;
      }
      this.#known.delete(path);
    }
    const found = await readIfThere(path, maxBytes);
    if (found !== undefined && this.#isAgain(path) && this.#isSettled(found.stat))
      this.#known.set(path, { ...found, readMs: this.#now() });
    return found?.bytes;
  }

  /** Whether the path was read lately; from now on it was. */
  #isAgain(path: string): boolean {
    const hash = Bun.hash.xxHash32(path);
    const place = hash % mostOnce;
    const isAgain = this.#once[place] === hash;
    this.#once[place] = hash;
    return isAgain;
  }

  #isCurrent({ stat, readMs }: KnownFile, found: Stats): boolean {
    const ageMs = this.#now() - readMs;
    return isSame(stat, found) && ageMs >= 0 && ageMs < knownMs;
  }

  #isSettled({ dev, size, mtimeMs, ctimeMs }: Stats): boolean {
    if (dev !== this.#device || size > smallBytes) return false;
    return this.#now() - Math.max(mtimeMs, ctimeMs) > settledMs;
  }
}

function isSame(known: Stats, found: Stats): boolean {
  return (
    found.ino === known.ino &&
    found.ctimeMs === known.ctimeMs &&
    found.mtimeMs === known.mtimeMs &&
    found.size === known.size &&
    found.dev === known.dev
  );
}

/** The device that a directory lies on, if that tells at once what has changed there; undefined otherwise. */
export function localDevice(directory: string): number | undefined {
  return localFilesystems.includes(statfsSync(directory).type) ? statSync(directory).dev : undefined;
}
