// The trash in memory: what lies below the prefix "trash".
import { type Content, contentOf } from "../../src/lib/content.ts";
import type { Key, Stat, Trash } from "../../src/storage/ports.ts";
import { describeObject, parentOf } from "./memory-object.ts";
import type { MemoryTree } from "./memory-tree.ts";

const trashPrefix = "trash/";
/** An entry of a blob lies below its algorithm and stripe. */
const blobEntryDepth = 3;

export class MemoryTrash implements Trash {
  readonly #tree: MemoryTree;

  constructor(tree: MemoryTree) {
    this.#tree = tree;
  }

  async discard(key: Key, name: string): Promise<boolean> {
    return this.#tree.move(key, trashPrefix + name);
  }

  async condemn(key: Key, name: string, judged: Stat): Promise<boolean> {
    const object = this.#tree.objects.get(key);
    if (String(object?.identity) !== judged.identity || object?.modifiedMs !== judged.modifiedMs) return false;
    this.#tree.move(key, trashPrefix + name);
    this.#tree.removeIfEmpty(parentOf(key));
    return true;
  }

  #restorable(name: string): Key | undefined {
    const isRestorable = (key: Key) => key.startsWith(`${trashPrefix}${name}.`) && !key.endsWith(".bad");
    return [...this.#tree.objects.keys()].find(isRestorable);
  }

  async restore(name: string, key: Key): Promise<boolean> {
    const entry = this.#restorable(name);
    return entry !== undefined && (this.#tree.objects.has(key) || this.#tree.move(entry, key));
  }

  async list(kind: string): Promise<readonly string[]> {
    const depth = kind === "blobs" ? blobEntryDepth : 1;
    const keys = [...this.#tree.objects.keys(), ...this.#tree.prefixes.keys()];
    const inKind = keys.filter((key) => key.startsWith(`${trashPrefix}${kind}/`));
    const names = inKind.map((key) => key.slice(trashPrefix.length).split("/"));
    const entries = names.filter((parts) => parts.length > depth).map((parts) => parts.slice(0, depth + 1).join("/"));
    return [...new Set(entries)];
  }

  async stat(name: string): Promise<Stat | undefined> {
    const object = this.#tree.objects.get(trashPrefix + name);
    return object === undefined ? undefined : describeObject(object);
  }

  async open(name: string): Promise<Content | undefined> {
    const bytes = this.#tree.objects.get(this.#restorable(name) ?? "")?.bytes;
    return bytes === undefined ? undefined : contentOf(new Blob([bytes]));
  }

  async rename(from: string, to: string): Promise<boolean> {
    return this.#tree.move(trashPrefix + from, trashPrefix + to);
  }

  async destroy(name: string): Promise<void> {
    this.#tree.remove(trashPrefix + name);
  }
}
