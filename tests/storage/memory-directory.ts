// What only a directory has, in memory.
import type { Directory, Key, Space, Stat } from "../../src/storage/ports.ts";
import type { MemoryTree } from "./memory-tree.ts";

export class MemoryDirectory implements Directory {
  readonly #tree: MemoryTree;

  constructor(tree: MemoryTree) {
    this.#tree = tree;
  }

  async prefixTime(prefix: Key): Promise<number | undefined> {
    return this.#tree.prefixes.get(prefix);
  }

  async changeTime(prefix: Key): Promise<number | undefined> {
    return this.#tree.prefixes.get(prefix) ?? 0;
  }

  async makePrefix(prefix: Key): Promise<void> {
    this.#tree.addPrefixes(prefix);
  }

  async removeEmpty(prefix: Key, { isDeep = true } = {}): Promise<boolean> {
    const { prefixes } = this.#tree;
    const isBelow = (key: Key) => key === prefix || key.startsWith(`${prefix}/`);
    const candidates = isDeep ? [...prefixes.keys()].filter(isBelow).sort().reverse() : [prefix];
    for (const key of candidates) this.#tree.removeIfEmpty(key);
    return !prefixes.has(prefix);
  }

  async countObjects(prefix: Key): Promise<number> {
    return [...this.#tree.objects.keys()].filter((key) => key.startsWith(`${prefix}/`)).length;
  }

  async isObstructed(key: Key): Promise<boolean> {
    return this.#tree.prefixes.has(key) || this.#tree.isBelowObject(key);
  }

  async settle(): Promise<void> {}

  async syncAll(): Promise<void> {}

  async dropCache(): Promise<void> {}

  async noteDamage(key: Key, judged: Stat, isDamaged: boolean): Promise<boolean> {
    const object = this.#tree.objects.get(key);
    const isSame = String(object?.identity) === judged.identity;
    if (object !== undefined && isSame) object.isDamaged = isDamaged;
    return isSame;
  }

  async sweepTemporary(): Promise<number> {
    return 0;
  }

  async space(): Promise<Space> {
    return { freeBytes: Number.MAX_SAFE_INTEGER, totalBytes: Number.MAX_SAFE_INTEGER };
  }
}
