// Objects on a filesystem: one file each.

import { dirname } from "node:path";
import { type Content, contentOf } from "../lib/content.ts";
import { stepAside } from "../lib/pacer.ts";
import { sortInTurns } from "../lib/sorted.ts";
import { directoriesIn, dropDirectory, eachDirectory, lookAt } from "./directories.ts";
import { disk } from "./disk-calls.ts";
import { removeFile } from "./durable-file.ts";
import type { Durability } from "./entry-syncs.ts";
import { describeFile } from "./file-stat.ts";
import { appendIfThere, touchFile } from "./in-place.ts";
import type { KeyPaths } from "./key-paths.ts";
import type { Key, ListOptions, NewObject, Objects, Stat } from "./ports.ts";
import { readIfThere } from "./read-file.ts";
import { localDevice, SmallFiles } from "./small-files.ts";

/** Up to here a blob is read into memory if the disk is slow. */
const readAheadBytes = 1024 * 1024;

/** The objects of one store; see the contract in ports.ts. */
export class FileObjects implements Objects {
  readonly #paths: KeyPaths;
  readonly #smallFiles: SmallFiles;

  constructor(paths: KeyPaths, smallFiles = new SmallFiles(localDevice(paths.root))) {
    this.#paths = paths;
    this.#smallFiles = smallFiles;
  }

  async stat(key: Key, { isLinkFollowed } = { isLinkFollowed: true }): Promise<Stat | undefined> {
    const path = await this.#paths.reach(key);
    const stat = await lookAt(path, { isLinkFollowed });
    return stat?.isFile() === true ? describeFile(stat) : undefined;
  }

  async read(key: Key, maxBytes: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return await this.#smallFiles.read(await this.#paths.reach(key), maxBytes);
  }

  async open(key: Key): Promise<Content | undefined> {
    const stat = await this.stat(key);
    if (stat === undefined) return undefined;
    const path = this.#paths.of(key);
    // Bun opens a file in place; a few of them would hold up everybody if the disk is slow.
    const read =
      disk.isSlow() && stat.sizeBytes <= readAheadBytes ? await readIfThere(path, readAheadBytes) : undefined;
    return contentOf(read === undefined ? Bun.file(path) : new Blob([read.bytes]), stat.sizeBytes);
  }

  async put(key: Key, bytes: Uint8Array, durability?: Durability): Promise<void> {
    await this.#paths.files.replaceFile(await this.#paths.reach(key), bytes, durability);
  }

  async putAll(objects: readonly NewObject[], durability?: Durability): Promise<void> {
    await stepAside();
    const files = objects.map(({ key, bytes }) => ({ path: this.#paths.of(key), bytes }));
    await this.#paths.files.replaceFiles(files, durability);
  }

  async flush(): Promise<void> {
    await this.#paths.files.flush();
  }

  async append(key: Key, bytes: Uint8Array): Promise<number | undefined> {
    return await appendIfThere(await this.#paths.reach(key), bytes);
  }

  async renew(key: Key): Promise<boolean> {
    return touchFile(this.#paths.files, await this.#paths.reach(key));
  }

  async delete(key: Key, { isDurable } = { isDurable: true }): Promise<boolean> {
    const path = await this.#paths.reach(key);
    if (!(isDurable ? await this.#paths.files.unlink(path) : await removeFile(path))) return false;
    await dropDirectory(dirname(path));
    return true;
  }

  async list(prefix: Key, options: ListOptions = {}): Promise<readonly string[]> {
    const { after = "", limit, others } = options;
    const names = await directoriesIn(this.#paths.of(prefix), others);
    return (await sortInTurns(names.filter((name) => name > after))).slice(0, limit);
  }

  names = async (prefix: Key): Promise<AsyncIterable<string>> => eachDirectory(this.#paths.of(prefix));
}
