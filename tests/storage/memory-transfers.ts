// Transfers in memory, for the memory driver: the same life as on disk.
import { contentOf } from "../../src/lib/content.ts";
import type { Following, Key, Transfer, Transfers } from "../../src/storage/ports.ts";

interface GrowingObject {
  bytes: Uint8Array;
  changedMs: number;
  isHeld: boolean;
  /** Where it was committed to. */
  place: Key | undefined;
}

/** What a transfer becomes when it is committed. */
export type PutObject = (key: Key, bytes: Uint8Array) => void;

/** The transfers of one memory store. */
export class MemoryTransfers implements Transfers {
  readonly #now: () => number;
  readonly #put: PutObject;
  readonly #growing = new Map<Key, GrowingObject>();

  constructor(now: () => number, put: PutObject) {
    this.#now = now;
    this.#put = put;
  }

  /** Takes hold of a transfer; see the contract in ports.ts. */
  async open(key: Key): Promise<Transfer | "busy"> {
    const object: GrowingObject = this.#growing.get(key) ?? {
      bytes: new Uint8Array(),
      changedMs: this.#now(),
      isHeld: false,
      place: undefined,
    };
    if (object.isHeld) return "busy";
    object.isHeld = true;
    this.#growing.set(key, object);
    return {
      identity: key,
      get sizeBytes() {
        return object.bytes.length;
      },
      append: async (pieces) => {
        object.bytes = new Uint8Array(Buffer.concat([object.bytes, ...pieces]));
        object.changedMs = this.#now();
      },
      isRemembered: () => true,
      content: () => contentOf(new Blob([Uint8Array.from(object.bytes)])),
      commit: async (to) => {
        this.#put(to, object.bytes);
        object.place = to;
        this.#growing.delete(key);
      },
      discard: async () => {
        this.#growing.delete(key);
        if (object.place === undefined) object.bytes = new Uint8Array();
      },
      [Symbol.dispose]: () => {
        object.isHeld = false;
      },
    };
  }

  /** A reader of a transfer; see the contract in ports.ts. */
  async follow(key: Key): Promise<Following | undefined> {
    const object = this.#growing.get(key);
    if (object === undefined) return undefined;
    return {
      sizeBytes: () => object.bytes.length,
      isInPlace: () => this.#growing.get(key) === object,
      isAt: (place) => object.place === place,
      read: async (offset, maxBytes) => object.bytes.slice(offset, offset + maxBytes),
      [Symbol.dispose]: () => undefined,
    };
  }

  /** Removes transfers that nobody holds; see the contract in ports.ts. */
  async sweep(prefix: Key, olderThanMs: number): Promise<number> {
    const beforeMs = this.#now() - olderThanMs;
    const resting = [...this.#growing].filter(
      ([key, { isHeld, changedMs }]) => key.startsWith(`${prefix}/`) && !isHeld && changedMs < beforeMs,
    );
    for (const [key] of resting) this.#growing.delete(key);
    return resting.length;
  }
}
