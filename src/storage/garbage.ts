// The port of garbage: contents that a collection has condemned since no reference needs them, until a later one destroys
// them. In between they can still be found: restored, or still in place.
import type { Content } from "../lib/content.ts";
import type { Key, Stat } from "./ports.ts";

/** A content that was condemned or set aside. */
export interface Condemned {
  /** Tells it from every other one, and is used once. */
  readonly name: string;
  /** The key that it had, or still has; undefined for what only lies among the garbage. */
  readonly content: Key | undefined;
  /** Whether it is still under its key. */
  readonly isInPlace: boolean;
  /** Whether it was set aside because its bytes are damaged: it is never restored. */
  readonly isSetAside: boolean;
}

/** One collection, under the only hold on that. Disposing of it ends the hold. */
export interface Collection extends AsyncDisposable {
  /**
   * What earlier collections condemned. Whoever relies on it from this call on looks for it first, so this comes before any
   * reference is read.
   */
  condemned(): Promise<readonly Condemned[]>;
  /**
   * Destroys those that no reference read since `condemned` needs; returns those that were destroyed. Throws ETIMEDOUT if that
   * was too long ago: the rest stays.
   */
  destroy(entries: readonly Condemned[]): Promise<readonly Condemned[]>;
  /**
   * Condemns a content that no reference needs, if it is still what was judged: neither replaced nor renewed since.
   * Otherwise false.
   */
  condemn(content: Key, judged: Stat): Promise<boolean>;
  /** Renews the hold; to be called now and then. */
  keep(): Promise<void>;
  /** Everything was judged: what was condemned counts from now on, and what earlier ones condemned no longer does. */
  finish(): Promise<void>;
}

/** How to collect. */
export interface CollectionOptions {
  /** Names the collector, for others that find a collection in progress. */
  readonly note: string;
  /** Marks what it condemns; and it sees only what has the mark. Absent: no mark, and it sees everything. */
  readonly tag?: string;
}

/** Contents on their way out. */
export interface Garbage {
  /** Everything condemned or set aside now; throws if a part of it cannot be read. */
  list(): Promise<readonly Condemned[]>;
  /** What is known of one; its `changedMs` tells since when it has been garbage. Undefined if it is gone. */
  stat(entry: Condemned): Promise<Stat | undefined>;
  /** The bytes of a content that is no longer under its key, and could be restored; otherwise undefined. */
  open(content: Key): Promise<Content | undefined>;
  /** Restores such a content to its key, unless there is an object already; false if there is no such content. */
  restore(content: Key): Promise<boolean>;
  /** Moves damaged bytes aside, so that they count as missing, if they are still those that were judged. */
  setAside(content: Key, judged: Stat): Promise<boolean>;
  /** Removes what removers that died left behind. */
  tidy(): Promise<void>;
  /** Begins the only collection, without waiting, or returns what its holder has noted. */
  collect(options: CollectionOptions): Promise<Collection | { readonly heldBy: string }>;
}
