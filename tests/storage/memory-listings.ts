// Listings in memory, in short pages: what happens between two of them may be in the later one.
import type { ListedKey, ListingRange, Listings } from "../../src/storage/listings.ts";
import type { Key } from "../../src/storage/ports.ts";
import { describeObject } from "./memory-object.ts";
import type { MemoryTree } from "./memory-tree.ts";

const pageSize = 3;

export class MemoryListings implements Listings {
  readonly #tree: MemoryTree;

  constructor(tree: MemoryTree) {
    this.#tree = tree;
  }

  async *scan(prefix: Key, { after = "", end }: ListingRange = {}): AsyncGenerator<readonly ListedKey[]> {
    const start = `${prefix}/`;
    let last = after;
    for (;;) {
      const keys = [...this.#tree.objects.keys()].filter((key) => key.startsWith(start) && key > last);
      const page = keys
        .filter((key) => end === undefined || key <= end)
        .sort()
        .slice(0, pageSize);
      const listed = page.flatMap((key) => {
        const object = this.#tree.objects.get(key);
        return object === undefined ? [] : [{ key, stat: describeObject(object) }];
      });
      const next = page.at(-1);
      if (next === undefined) return;
      yield listed;
      last = next;
    }
  }

  identityOf(): string | undefined {
    return undefined;
  }
}
