// The port of changes: how several processes add to and remove from one store without breaking a promise that one of them made.
// A directory uses locks, a trash and one check; a store without them announces what may be removed, and checks twice.
import type { Key, Stat } from "./ports.ts";

/** The state of a content that a caller wants to rely on: it stays, it may still be removed, or it is missing. */
export type Found = Stat | "noticed" | undefined;

/** How contents are looked for. */
export interface RecoverOptions {
  /** Called for a content that had been removed and was restored. */
  readonly restored?: (content: Key) => void;
}

/** How long to wait until what may still be removed is either safe or gone; without it, not at all. */
export interface PatienceOptions {
  readonly waitMs?: number;
}

/**
 * Held while something is added that relies on other objects. The dependent is written before its dependencies are checked, from
 * the top of the chain down: links once the revision that needs them is written, contents once their links are.
 */
export interface Adding extends AsyncDisposable {
  /**
   * After the last write, before a promise: whether all of these, seen or written while this was held, will stay.
   * False if one is gone, or may still be removed by a remover that began earlier.
   */
  stands(keys: readonly Key[], options?: PatienceOptions): Promise<boolean>;
  /** The same for contents, which are restored if possible; in the order asked. */
  find(contents: readonly Key[], options?: PatienceOptions & RecoverOptions): Promise<readonly Found[]>;
  /** `Objects.put` of what decides, such as a tag: it is not carried out long after this ended, whatever happens on the way. */
  put(key: Key, bytes: Uint8Array): Promise<void>;
  /**
   * The same in one step, only if `expected` is what is there (undefined: nothing); otherwise false. Under locks, only an adder
   * that began with `isConditional` may do this.
   */
  replace(key: Key, bytes: Uint8Array, condition: { readonly expected: Stat | undefined }): Promise<boolean>;
}

/** A prefix whose meaning depends on one object below it, as it was seen; undefined: there was none. */
export interface JudgedPrefix {
  readonly key: Key;
  readonly judged: Stat | undefined;
}

/**
 * Held while something is removed that others may rely on. Whether they do is checked only once it is held. A call after it has
 * been held for too long throws ETIMEDOUT and does nothing.
 */
export interface Removing extends AsyncDisposable {
  /** `Objects.delete` of one of the keys that were announced. */
  delete(key: Key, options?: { readonly isDurable: boolean }): Promise<boolean>;
  /** The same for many of them. */
  deleteAll(keys: readonly Key[], options?: { readonly isDurable: boolean }): Promise<void>;
  /** The same for an object that nobody relies on, which need not be announced. */
  drop(key: Key, options?: { readonly isDurable: boolean }): Promise<boolean>;
  /**
   * Removes everything below a prefix, in one durable step that replaces or removes `key`, if that is still what was judged;
   * otherwise false. It need not be announced. An empty object left under `key` counts as none.
   */
  discard(prefix: Key, { key, judged }: JudgedPrefix): Promise<boolean>;
}

/** How to begin to add. */
export interface AddingOptions {
  readonly waitMs: number;
  /** Allows `replace`. */
  readonly isConditional?: boolean;
  /** Nothing that is added has to survive a power cut, so the end does not wait for the disk. */
  readonly isFleeting?: boolean;
}

/** What may be removed, and how long that may take. */
export interface AnnouncingOptions {
  readonly keys: readonly Key[];
  readonly waitMs: number;
  /** Holds it for much longer than a minute. If the holder dies, nobody can rely on the keys until its time is over. */
  readonly isLong?: boolean;
}

/** Adding to and removing from what several processes share, without breaking a promise that one of them made. */
export interface Changes {
  /**
   * Whether adders and removers of one name wait for each other: what is seen while the hold lasts stays, and need not be
   * checked again. If not, nobody waits, and adders check once more at the end.
   */
  readonly isExclusive: boolean;
  /** A link that was written or renewed within this time need not be renewed for another promise. */
  readonly freshMs: number;
  /** Whether this holds for all processes, and not only for the tasks of this one. */
  keepsProcessesApart(): boolean;
  /** Begins to add under a name; undefined if that is not possible in time. */
  adding(name: string, options: AddingOptions): Promise<Adding | undefined>;
  /** Announces that keys may be removed; undefined if that is not possible in time. It may be held for a minute. */
  removing(name: string, options: AnnouncingOptions): Promise<Removing | undefined>;
  /** Takes the only hold on a kind of work, without waiting, or returns what its holder has noted. */
  hold(kind: string, note: string): Promise<AsyncDisposable | { readonly heldBy: string }>;
  /** The state of a content, for a reader who saw a link to it; it is restored if possible. It promises nothing. */
  recover(content: Key, options?: RecoverOptions): Promise<Stat | undefined>;
}
