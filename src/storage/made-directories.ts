// Directories that survive: each is made with what is missing above it, and its entry in the directory above is synced, also
// if another process made it just now. On a filesystem with an ordered journal nothing is synced for it: the sync after what
// is put into it has it on disk as well.
import type { Stats } from "node:fs";
import { dirname } from "node:path";
import { BoundedMap } from "../lib/bounded-map.ts";
import { errorCode } from "../lib/system-error.ts";
import { lookAt, statThere } from "./directories.ts";
import { disk } from "./disk-calls.ts";

/** A collector may remove an empty directory while a writer fills it; the writer makes it again, this often. */
const maxTries = 10;
/** A directory this old has been written back by the kernel, whoever made it. */
const settledAgeMs = 60_000;
const maxRemembered = 10_000;

/** Runs the work again if a directory vanished under it. */
export async function retryWithoutDirectory<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (errorCode(error) !== "ENOENT" || attempt >= maxTries) throw error;
    }
  }
}

/** How directories are made. */
export interface MakingOptions {
  readonly isDurable: boolean;
  /** Throws if the root is gone. */
  readonly confirmRoot: () => Promise<void>;
  /** Whether what is on this device is synced with whatever is put into the directory. */
  readonly isSyncedLater: (device: number) => boolean;
  readonly syncDirectory: (path: string) => Promise<void>;
}

/** The directories below one root. */
export class MadeDirectories {
  readonly #root: string;
  readonly #options: MakingOptions;
  /** Which directory, of those that had the path one after the other, has its entry in the parent synced, or will have. */
  readonly #settled = new BoundedMap<string, string>(maxRemembered);

  constructor(root: string, options: MakingOptions) {
    this.#root = root;
    this.#options = options;
  }

  /** Makes a directory with its parents, so that it survives even if another process made a part of it just now. */
  async make(path: string): Promise<void> {
    if (await this.#isKnown(path)) return;
    const parents = await retryWithoutDirectory(async () => this.#makeMissing(path));
    // At once: a journal writes them back together.
    await Promise.all([...parents].map((parent) => this.#options.syncDirectory(parent)));
    await this.#remember(path);
  }

  /** Whether the directory is there, and is the one whose entry this process has synced. */
  async #isKnown(path: string): Promise<boolean> {
    const known = this.#settled.get(path);
    if (known === undefined) return false;
    const stat = await lookAt(path);
    return stat !== undefined && identityOf(stat) === known;
  }

  /**
   * Makes the directory with what is missing above it; adds those whose entries may not be on disk yet. What is there is found
   * by the attempt to make it.
   */
  async #makeMissing(path: string, unsynced = new Set<string>()): Promise<Set<string>> {
    if (path === this.#root) return unsynced;
    const parent = dirname(path);
    const outcome = await makeOne(path);
    if (outcome === "without parent") {
      await this.#makeMissing(parent, unsynced);
      // By somebody else meanwhile; or the parent is gone again, which is tried again unless the root is gone.
      if ((await makeOne(path)) === "without parent") {
        await this.#options.confirmRoot();
        throw Object.assign(new Error(`ENOENT: ${parent}`), { code: "ENOENT" });
      }
      return (await this.#isSyncedBySelf(path)) ? unsynced.add(parent) : unsynced;
    }
    if (!(await this.#isSyncedBySelf(path))) return unsynced;
    if (outcome === "made") (await this.#addUnsettled(parent, unsynced)).add(parent);
    else await this.#addUnsettled(path, unsynced);
    return unsynced;
  }

  /** Whether its entry has to be synced, and will not be with what is put into it. */
  async #isSyncedBySelf(path: string): Promise<boolean> {
    return this.#options.isDurable && !this.#options.isSyncedLater((await statThere(path)).dev);
  }

  /** Adds the parents of this directory and those above it whose entries may not be on disk yet, whoever made them. */
  async #addUnsettled(directory: string, unsynced: Set<string>): Promise<Set<string>> {
    if (directory === this.#root || (await this.#isSettled(directory))) return unsynced;
    return (await this.#addUnsettled(dirname(directory), unsynced)).add(dirname(directory));
  }

  async #isSettled(directory: string): Promise<boolean> {
    const stat = await statThere(directory);
    if (this.#settled.get(directory) === identityOf(stat)) return true;
    const bornMs = stat.birthtimeMs > 0 ? stat.birthtimeMs : stat.ctimeMs;
    return Date.now() - bornMs > settledAgeMs;
  }

  /** Each directory on the way is known to be there for good, or will be there with what is put into this one. */
  async #remember(path: string): Promise<void> {
    if (!this.#options.isDurable) return;
    for (let directory = path; directory !== this.#root; directory = dirname(directory)) {
      const stat = await lookAt(directory);
      if (stat === undefined || this.#settled.get(directory) === identityOf(stat)) return;
      this.#settled.set(directory, identityOf(stat));
      if (this.#options.isSyncedLater(stat.dev)) return;
    }
  }
}

/** An inode number alone is given to the next directory when one is removed, and every device counts from the beginning. */
function identityOf({ dev, ino, birthtimeMs }: Stats): string {
  return `${dev}:${ino}:${birthtimeMs}`;
}

async function makeOne(directory: string): Promise<"made" | "there" | "without parent"> {
  try {
    await disk.mkdir(directory, {});
    return "made";
  } catch (error) {
    if (errorCode(error) === "EEXIST") return "there";
    if (errorCode(error) === "ENOENT") return "without parent";
    throw error;
  }
}
