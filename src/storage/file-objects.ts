// Objects on a filesystem: one file each.

import { lstatSync } from "node:fs";
import { dirname } from "node:path";
import { type Content, contentOf } from "../lib/content.ts";
import { stepAside } from "../lib/pacer.ts";
import { sortInTurns } from "../lib/sorted.ts";
import { directoriesIn, eachDirectory, removeDirectory, statIfThere } from "./directories.ts";
import { unlinkIfThere } from "./durable-file.ts";
import type { Durability } from "./entry-syncs.ts";
import { describeFile } from "./file-stat.ts";
import { appendIfThere, touchFile } from "./in-place.ts";
import type { KeyPaths } from "./key-paths.ts";
import type { Key, ListOptions, NewObject, Objects, Stat } from "./ports.ts";
import { localDevice, SmallFiles } from "./small-files.ts";

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
    const stat = isLinkFollowed ? statIfThere(path) : lstatSync(path, { throwIfNoEntry: false });
    return stat?.isFile() === true ? describeFile(stat) : undefined;
  }

  async read(key: Key, maxBytes: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return await this.#smallFiles.read(await this.#paths.reach(key), maxBytes);
  }

  async open(key: Key): Promise<Content | undefined> {
    const stat = await this.stat(key);
    return stat === undefined ? undefined : contentOf(Bun.file(this.#paths.of(key)), stat.sizeBytes);
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
    return appendIfThere(await this.#paths.reach(key), bytes);
  }

  async renew(key: Key): Promise<boolean> {
    return touchFile(this.#paths.files, await this.#paths.reach(key));
  }

  async delete(key: Key, { isDurable } = { isDurable: true }): Promise<boolean> {
    const path = await this.#paths.reach(key);
    if (!(isDurable ? await this.#paths.files.unlink(path) : unlinkIfThere(path))) return false;
    removeDirectory(dirname(path));
    return true;
  }

  async list(prefix: Key, options: ListOptions = {}): Promise<readonly string[]> {
    const { after = "", limit, others } = options;
    const names = await directoriesIn(this.#paths.of(prefix), others);
    return (await sortInTurns(names.filter((name) => name > after))).slice(0, limit);
  }

  names = async (prefix: Key): Promise<AsyncIterable<string>> => eachDirectory(this.#paths.of(prefix));
}
