// Objects as one listing of everything below a prefix shows them. What is asked about them is answered from memory; bytes
// are read from the store, and what is changed is changed there and not seen here.
import type { Content } from "../lib/content.ts";
import { inTurns } from "../lib/pacer.ts";
import { sortInTurns } from "../lib/sorted.ts";
import type { ListedKey } from "../storage/listings.ts";
import type { Key, Lasting, ListOptions, NewObject, Objects, Stat } from "../storage/ports.ts";

/** Everything that was listed below a prefix. */
export interface KeyListing {
  readonly prefix: Key;
  /** In order. */
  readonly listed: readonly ListedKey[];
}

/** What comes right after "/" in the order of keys. */
const afterSlash = "0";

/** The objects of a store, of which those below the prefix were listed. */
export class ListedObjects implements Objects {
  readonly #objects: Objects;
  readonly #start: string;
  readonly #listed: readonly ListedKey[];

  constructor(objects: Objects, { prefix, listed }: KeyListing) {
    this.#objects = objects;
    this.#start = `${prefix}/`;
    this.#listed = listed;
  }

  async stat(key: Key, options?: { readonly isLinkFollowed: boolean }): Promise<Stat | undefined> {
    if (!key.startsWith(this.#start)) return await this.#objects.stat(key, options);
    const found = this.#listed[this.#firstFrom(key)];
    return found?.key === key ? found.stat : undefined;
  }

  async list(prefix: Key, options: ListOptions = {}): Promise<readonly string[]> {
    if (!`${prefix}/`.startsWith(this.#start)) return await this.#objects.list(prefix, options);
    const { after = "", limit, others } = options;
    const names: string[] = [];
    let isInOrder = true;
    for await (const { name, isPrefix } of inTurns(this.#below(prefix))) {
      if (!isPrefix) others?.(name);
      if (!isPrefix || name <= after) continue;
      // "a-" comes before "a/", and so before "a".
      if (name < (names.at(-1) ?? "")) isInOrder = false;
      names.push(name);
    }
    return (isInOrder ? names : await sortInTurns(names)).slice(0, limit);
  }

  async names(prefix: Key): Promise<AsyncIterable<string>> {
    return inTurns(await this.list(prefix));
  }

  /** Whatever is right below a prefix, once. */
  *#below(prefix: Key): Generator<{ readonly name: string; readonly isPrefix: boolean }> {
    const start = `${prefix}/`;
    let index = this.#firstFrom(start);
    for (let next = this.#listed[index]; next?.key.startsWith(start) === true; next = this.#listed[index]) {
      const end = next.key.indexOf("/", start.length);
      const isPrefix = end !== -1;
      const name = next.key.slice(start.length, isPrefix ? end : undefined);
      yield { name, isPrefix };
      index += 1;
      const inside = `${start}${name}/`;
      // Most have one object below them; of the others, the rest is passed over.
      if (isPrefix && this.#listed[index]?.key.startsWith(inside) === true) {
        index = this.#firstFrom(`${start}${name}${afterSlash}`, index);
      }
    }
  }

  /** Where the first key is that is not before this one. */
  #firstFrom(key: Key, from = 0): number {
    let [low, high] = [from, this.#listed.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#listed[middle]?.key ?? key) < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  read(key: Key, maxBytes: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return this.#objects.read(key, maxBytes);
  }

  open(key: Key, seen?: Stat): Promise<Content | undefined> {
    return this.#objects.open(key, seen);
  }

  put(key: Key, bytes: Uint8Array, options?: Lasting): Promise<void> {
    return this.#objects.put(key, bytes, options);
  }

  putAll(objects: readonly NewObject[], options?: Lasting): Promise<void> {
    return this.#objects.putAll(objects, options);
  }

  flush(): Promise<void> {
    return this.#objects.flush();
  }

  append(key: Key, bytes: Uint8Array): Promise<number | undefined> {
    return this.#objects.append(key, bytes);
  }

  renew(key: Key): Promise<boolean> {
    return this.#objects.renew(key);
  }

  delete(key: Key, options?: { readonly isDurable: boolean }): Promise<boolean> {
    return this.#objects.delete(key, options);
  }
}
