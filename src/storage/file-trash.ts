// The trash on a filesystem; what lies in it is drawn in trash-entries.ts.

import { lstatSync } from "node:fs";
import { dirname } from "node:path";
import { type Content, contentOf } from "../lib/content.ts";
import { stepAside } from "../lib/pacer.ts";
import { removeDirectory, removeTree } from "./directories.ts";
import { describeFile } from "./file-stat.ts";
import { type KeyPaths, pathOfKey } from "./key-paths.ts";
import { trashPlace } from "./places.ts";
import type { Key, Stat, Trash } from "./ports.ts";
import {
  listTrashEntries,
  moveToTrash,
  moveUnchangedToTrash,
  renameEntry,
  restorableEntries,
  restoreFromTrash,
} from "./trash-entries.ts";

/** The trash of one store; see the contract in ports.ts. */
export class FileTrash implements Trash {
  readonly #paths: KeyPaths;

  constructor(paths: KeyPaths) {
    this.#paths = paths;
  }

  #entry(name: string): string {
    return pathOfKey(this.#paths.of(trashPlace), name);
  }

  async discard(key: Key, name: string): Promise<boolean> {
    return moveToTrash(this.#paths.files, await this.#paths.reach(key), this.#entry(name));
  }

  async condemn(key: Key, name: string, judged: Stat): Promise<boolean> {
    const path = await this.#paths.reach(key);
    if (!(await moveUnchangedToTrash(this.#paths.files, path, { entry: this.#entry(name), judged }))) return false;
    removeDirectory(dirname(path));
    return true;
  }

  async restore(name: string, key: Key): Promise<boolean> {
    return restoreFromTrash(this.#paths.files, this.#entry(name), this.#paths.of(key));
  }

  async list(kind: string): Promise<readonly string[]> {
    return listTrashEntries(this.#paths.of(trashPlace), kind);
  }

  async stat(name: string): Promise<Stat | undefined> {
    await stepAside();
    const stat = lstatSync(this.#entry(name), { throwIfNoEntry: false });
    return stat === undefined ? undefined : describeFile(stat);
  }

  async open(name: string): Promise<Content | undefined> {
    const [entry] = await restorableEntries(this.#entry(name));
    return entry === undefined ? undefined : contentOf(Bun.file(entry));
  }

  async rename(from: string, to: string): Promise<boolean> {
    return renameEntry(this.#entry(from), this.#entry(to));
  }

  async destroy(name: string): Promise<void> {
    await removeTree(this.#entry(name));
  }
}
