// The port of changes: how several processes add to a store and take away from it without anybody losing what he was promised.
// On a directory by locks, a trash and one look; on a store without either by announcing what may go, and looking twice.
import type { Key, Stat } from "./ports.ts";

/** What is known of a content that somebody wants to rely on: it stays, it may still go, or nothing is there. */
export type Found = Stat | "noticed" | undefined;

/** How contents are looked for. */
export interface RecoverOptions {
  /** Told of a content that had been taken away and was brought back. */
  readonly restored?: (content: Key) => void;
}

/** How long one waits for what may still go to stay or to be gone; not at all if it is absent. */
export interface PatienceOptions {
  readonly waitMs?: number;
}

/**
 * Held while something is added that relies on something else. What relies is written first, and only then one looks; along
 * a chain from the top: for links once the revision that needs them is written, for contents once their links stand.
 */
export interface Adding extends AsyncDisposable {
  /**
   * After the last write, before a promise: whether all of these stay, which were seen or written while this was held.
   * False if one is gone, or may still be taken away by somebody who began earlier.
   */
  stands(keys: readonly Key[], options?: PatienceOptions): Promise<boolean>;
  /** The same for contents, which are brought back if that can be done; in the order asked. */
  find(contents: readonly Key[], options?: PatienceOptions & RecoverOptions): Promise<readonly Found[]>;
  /** `Objects.put` of what decides, such as a tag: it is not carried out long after this ended, whatever happens on the way. */
  put(key: Key, bytes: Uint8Array): Promise<void>;
  /**
   * The same in one step, only if `expected` is what is there (undefined: nothing); otherwise false. Where adders wait for
   * nobody, all of them may; otherwise only who began with `isConditional`.
   */
  replace(key: Key, bytes: Uint8Array, condition: { readonly expected: Stat | undefined }): Promise<boolean>;
}

/** A prefix that means something because of one object below it, as it was seen; undefined: nothing was there. */
export interface JudgedPrefix {
  readonly key: Key;
  readonly judged: Stat | undefined;
}

/**
 * Held while something is taken away that others may rely on. Whether they do is looked at only once it is held. A call that
 * comes when it has been held for too long throws ETIMEDOUT, and does nothing.
 */
export interface Removing extends AsyncDisposable {
  /** `Objects.delete` of one of the keys that were announced. */
  delete(key: Key, options?: { readonly isDurable: boolean }): Promise<boolean>;
  /** The same for many of them. */
  deleteAll(keys: readonly Key[], options?: { readonly isDurable: boolean }): Promise<void>;
  /** The same for an object that nobody relies on, which need not be announced. */
  drop(key: Key, options?: { readonly isDurable: boolean }): Promise<boolean>;
  /**
   * Takes away what lies below a prefix, in one durable step that replaces or removes `key`, if that is still what was judged;
   * otherwise false. It need not be announced. An empty object that is left under `key` counts as none.
   */
  discard(prefix: Key, { key, judged }: JudgedPrefix): Promise<boolean>;
}

/** Adding to and taking away from what several processes share, so that nobody loses what he was promised. */
export interface Changes {
  /**
   * Whether adding and removing under one name wait for each other: what one sees stays as it is while one's hold lasts, and
   * need not be looked for again. If not, nobody waits, and whoever adds looks once more at the end.
   */
  readonly isExclusive: boolean;
  /** A link that was written or renewed within this time need not be renewed for another promise. */
  readonly freshMs: number;
  /** Whether this holds for all processes, and not only for the tasks of this one. */
  keepsProcessesApart(): boolean;
  /**
   * Begins to add under a name; undefined if that is not to be had in time. With `isConditional` one may `replace`. With
   * `isFleeting` nothing is added that has to survive a power cut, so its end waits for no disk.
   */
  adding(
    name: string,
    options: { readonly waitMs: number; readonly isConditional?: boolean; readonly isFleeting?: boolean },
  ): Promise<Adding | undefined>;
  /**
   * Announces that these keys may be taken away; undefined if that is not to be had in time. It may be held for a minute, or for
   * much longer if `isLong`; who dies meanwhile leaves others without these keys for as long.
   */
  removing(
    name: string,
    options: { readonly keys: readonly Key[]; readonly waitMs: number; readonly isLong?: boolean },
  ): Promise<Removing | undefined>;
  /** Takes the only hold on a kind of work, without waiting, or returns what its holder has noted. */
  hold(kind: string, note: string): Promise<AsyncDisposable | { readonly heldBy: string }>;
  /** What is there of a content, for a reader who saw a link to it: brought back if that can be done. It promises nothing. */
  recover(content: Key, options?: RecoverOptions): Promise<Stat | undefined>;
}
