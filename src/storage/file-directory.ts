// What only a store on a filesystem has: directories, caches of the system, a disk that fills.
import { statfsSync } from "node:fs";
import { dirname } from "node:path";
import { type Soon, whenThere } from "../lib/soon.ts";
import { markDamage } from "./damage-mark.ts";
import {
  countFiles,
  directoryTime,
  lookAt,
  lookSoon,
  removeDirectory,
  removeEmptyTree,
  statIfThere,
  sweepTemporaryFiles,
  timeOf,
} from "./directories.ts";
import type { KeyPaths } from "./key-paths.ts";
import { openSyncfs } from "./libc.ts";
import { isObstructed } from "./obstacles.ts";
import { dropCacheOf } from "./page-cache.ts";
import { locksPlace, sharedPlace, transfersPlace } from "./places.ts";
import type { Directory, Key, Space, Stat } from "./ports.ts";
import { localDevice } from "./small-files.ts";

const settledAgeMs = 60_000;

/** The directory of one store; see the contract in ports.ts. */
export class FileDirectory implements Directory {
  readonly #paths: KeyPaths;
  readonly #localDevice: number | undefined;

  constructor(paths: KeyPaths, device = localDevice(paths.root)) {
    this.#paths = paths;
    this.#localDevice = device;
  }

  async prefixTime(prefix: Key): Promise<number | undefined> {
    return await directoryTime(await this.#paths.reach(prefix));
  }

  changeTime(prefix: Key): Soon<number | undefined> {
    return whenThere(whenThere(this.#paths.reach(prefix), lookSoon), (stat) => {
      if (stat?.isDirectory() !== true) return 0;
      return stat.dev === this.#localDevice ? timeOf(stat) : undefined;
    });
  }

  async makePrefix(prefix: Key): Promise<void> {
    await this.#paths.files.makeDirectory(await this.#paths.reach(prefix));
  }

  async removeEmpty(prefix: Key, { isDurable = true, isDeep = true } = {}): Promise<boolean> {
    const path = await this.#paths.reach(prefix);
    const isRemoved = isDeep ? await removeEmptyTree(path) : removeDirectory(path) || statIfThere(path) === undefined;
    if (isRemoved && isDurable) await this.#paths.files.syncDirectory(dirname(path));
    return isRemoved;
  }

  async countObjects(prefix: Key): Promise<number> {
    return countFiles(this.#paths.of(prefix));
  }

  isObstructed = async (key: Key): Promise<boolean> => isObstructed(this.#paths.of(key));

  async settle(keys: readonly Key[]): Promise<void> {
    const { files } = this.#paths;
    if (!files.isDurable) return;
    for (const key of keys) {
      const path = await this.#paths.reach(key);
      const stat = await lookAt(path);
      if (stat?.isFile() !== true || files.isOrderedOn(stat.dev)) continue;
      if (Date.now() - Math.max(stat.mtimeMs, stat.ctimeMs) >= settledAgeMs) continue;
      await files.makeDirectory(dirname(path));
      await files.syncDirectory(dirname(path));
    }
  }

  async syncAll(): Promise<void> {
    await this.#paths.files.syncAll(openSyncfs());
  }

  async dropCache(key: Key): Promise<void> {
    dropCacheOf(await this.#paths.reach(key));
  }

  async noteDamage(key: Key, judged: Stat, isDamaged: boolean): Promise<boolean> {
    return markDamage(this.#paths.files, await this.#paths.reach(key), { judged, isDamaged });
  }

  async sweepTemporary(olderThanMs: number, { isDryRun } = { isDryRun: false }): Promise<number> {
    const options = { beforeMs: Date.now() - olderThanMs, isDryRun };
    let count = 0;
    for (const place of [topOf(sharedPlace), transfersPlace, locksPlace]) {
      count += await sweepTemporaryFiles(this.#paths.of(place), options);
    }
    return count;
  }

  async space(): Promise<Space> {
    const { bavail, blocks, bsize } = statfsSync(this.#paths.root);
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  }
}

function topOf(place: string): string {
  return place.slice(0, place.indexOf("/"));
}
