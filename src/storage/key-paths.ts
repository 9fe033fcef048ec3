// From keys to paths. What is not in its place has no paths, so every call of a driver begins here.
import { join } from "node:path";
import { stepAside } from "../lib/pacer.ts";
import type { DurableFiles } from "./durable-file.ts";
import type { Key } from "./ports.ts";

/** The paths of one store. */
export class KeyPaths {
  readonly root: string;
  readonly files: DurableFiles;

  constructor(root: string, files: DurableFiles) {
    this.root = root;
    this.files = files;
  }

  /** The path of a key; throws ESTALE if the root is not in its place. */
  of(key: Key): string {
    this.files.checkRoot();
    return pathOfKey(this.root, key);
  }

  /** The same in a turn of the event loop that has time left: every call on an object begins with it. */
  async reach(key: Key): Promise<string> {
    await stepAside();
    return this.of(key);
  }
}

/** The path of a key. Keys are made of parsed words by registry/layout; a segment that climbs is a bug. */
export function pathOfKey(root: string, key: string): string {
  if (key.split("/").some((segment) => segment === "" || segment === "." || segment === "..")) {
    throw new TypeError(`not a key: ${key}`);
  }
  return join(root, key);
}
