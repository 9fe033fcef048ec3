// An object of the memory driver, and a writer's hold on it while it is an upload.
import { contentOf } from "../../src/lib/content.ts";
import type { Key, Stat, Upload } from "../../src/storage/ports.ts";

/** An object, in the place that a key names. */
export interface StoredObject {
  bytes: Uint8Array<ArrayBuffer>;
  /** Of the last write or touch. */
  modifiedMs: number;
  /** Also of a move. */
  changedMs: number;
  readonly identity: number;
  isDamaged: boolean;
}

/** What the driver tells of it. */
export function describeObject({ bytes, identity, ...rest }: StoredObject): Stat {
  return { sizeBytes: bytes.length, identity: String(identity), ...rest };
}

/** The prefix that a key lies right below; empty where there is none. */
export function parentOf(key: Key): Key {
  return key.slice(0, Math.max(key.lastIndexOf("/"), 0));
}

/** Holds an object as an upload. */
export function holdObject(
  object: StoredObject,
  {
    now,
    move,
    release,
  }: { readonly now: () => number; readonly move: (to: Key) => void; readonly release: () => void },
): Upload {
  return {
    identity: String(object.identity),
    get sizeBytes() {
      return object.bytes.length;
    },
    append: async (pieces) => {
      object.bytes = new Uint8Array(Buffer.concat([object.bytes, ...pieces]));
      object.changedMs = object.modifiedMs = now();
    },
    isRemembered: () => true,
    note: undefined,
    keep: () => undefined,
    content: async () => contentOf(new Blob([object.bytes])),
    commit: async (to) => {
      object.modifiedMs = now();
      move(to);
    },
    [Symbol.asyncDispose]: async () => release(),
  };
}
