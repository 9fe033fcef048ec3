// From keys to paths. What is not in its place has no paths, so every call of a driver begins here.
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
  reach(key: Key): string | Promise<string> {
    const rest = stepAside();
    return rest === undefined ? this.of(key) : rest.then(() => this.of(key));
  }
}

/** An empty segment, "." or "..". */
const climbing = /(?:^|\/)\.{0,2}(?:\/|$)/;

/** The path of a key. Keys are made of parsed words by registry/layout; a segment that climbs is a bug. */
export function pathOfKey(root: string, key: string): string {
  if (climbing.test(key)) throw new TypeError(`not a key: ${key}`);
  return root.endsWith("/") ? root + key : `${root}/${key}`;
}
