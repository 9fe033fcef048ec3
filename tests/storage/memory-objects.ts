// Objects in memory.
import { type Content, contentOf } from "../../src/lib/content.ts";
import { inTurns } from "../../src/lib/pacer.ts";
import type { Key, ListOptions, NewObject, Objects, Stat } from "../../src/storage/ports.ts";
import { describeObject, parentOf } from "./memory-object.ts";
import type { MemoryTree } from "./memory-tree.ts";

export class MemoryObjects implements Objects {
  readonly #tree: MemoryTree;

  constructor(tree: MemoryTree) {
    this.#tree = tree;
  }

  async stat(key: Key): Promise<Stat | undefined> {
    const object = this.#tree.objects.get(key);
    return object === undefined ? undefined : describeObject(object);
  }

  async read(key: Key, maxBytes: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const bytes = this.#tree.objects.get(key)?.bytes;
    return bytes === undefined || bytes.length > maxBytes ? undefined : Uint8Array.from(bytes);
  }

  async open(key: Key): Promise<Content | undefined> {
    const bytes = this.#tree.objects.get(key)?.bytes;
    return bytes === undefined ? undefined : contentOf(new Blob([bytes]));
  }

  async put(key: Key, bytes: Uint8Array): Promise<void> {
    if (this.#tree.prefixes.has(key)) {
      if (!this.#tree.isEmpty(key)) throw Object.assign(new Error(`EISDIR: ${key}`), { code: "EISDIR" });
      this.#tree.prefixes.delete(key);
    }
    this.#tree.put(key, bytes);
  }

  async putAll(objects: readonly NewObject[]): Promise<void> {
    for (const { key, bytes } of objects) await this.put(key, bytes);
  }

  async flush(): Promise<void> {}

  async append(key: Key, bytes: Uint8Array): Promise<number | undefined> {
    const before = this.#tree.objects.get(key)?.bytes;
    if (before !== undefined) this.#tree.put(key, Buffer.concat([before, bytes]));
    return this.#tree.objects.get(key)?.bytes.length;
  }

  async renew(key: Key): Promise<boolean> {
    const object = this.#tree.objects.get(key);
    if (object !== undefined) object.changedMs = object.modifiedMs = this.#tree.now();
    return object !== undefined;
  }

  async delete(key: Key): Promise<boolean> {
    const wasThere = this.#tree.objects.delete(key);
    if (wasThere) this.#tree.removeIfEmpty(parentOf(key));
    return wasThere;
  }

  async list(prefix: Key, { after = "", limit, others }: ListOptions = {}): Promise<readonly string[]> {
    const start = `${prefix}/`;
    if (this.#tree.isBelowObject(start)) throw Object.assign(new Error(`${prefix} is no prefix`), { code: "ENOTDIR" });
    if (others !== undefined) namesBelow(start, this.#tree.objects.keys()).forEach(others);
    const names = namesBelow(start, this.#tree.prefixes.keys());
    return names.filter((name) => name > after).slice(0, limit);
  }

  async names(prefix: Key): Promise<AsyncIterable<string>> {
    return inTurns(await this.list(prefix));
  }
}

/** Those right below, in order. */
function namesBelow(start: Key, keys: Iterable<Key>): string[] {
  const names = [...keys].filter((key) => key.startsWith(start)).map((key) => key.slice(start.length));
  return names.filter((name) => !name.includes("/")).sort();
}
