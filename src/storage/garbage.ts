// The port of garbage: contents that a collection has condemned since no reference needs them, until a later one destroys
// them. In between, whoever needs one finds it: brought back, or still in its place.
import type { Content } from "../lib/content.ts";
import type { Key, Stat } from "./ports.ts";

/** A content that is condemned, or was set aside. */
export interface Condemned {
  /** Tells it from every other one, and is used once. */
  readonly name: string;
  /** The key that it had, or still has; undefined for what only lies among the garbage. */
  readonly content: Key | undefined;
  /** Whether it is still under its key. */
  readonly isInPlace: boolean;
  /** Whether it was set aside because its bytes are damaged: it never comes back. */
  readonly isSetAside: boolean;
}

/** One collection, under the only hold on that. Disposing of it ends the hold. */
export interface Collection extends AsyncDisposable {
  /**
   * What earlier ones condemned. From this call on nobody relies on it who does not look for it afterwards, so it comes
   * before any reference is read.
   */
  condemned(): Promise<readonly Condemned[]>;
  /**
   * Destroys those that no reference needs which was read since `condemned`; returns those that went. Throws ETIMEDOUT if
   * that was too long ago: then the others stay.
   */
  destroy(entries: readonly Condemned[]): Promise<readonly Condemned[]>;
  /**
   * Condemns a content that no reference needs, if it is still what was judged: neither replaced nor renewed since.
   * Otherwise false.
   */
  condemn(content: Key, judged: Stat): Promise<boolean>;
  /** Shows others that it goes on; to be called now and then. */
  keep(): Promise<void>;
  /** Everything was judged: what was condemned counts from now on, and what earlier ones condemned no longer does. */
  finish(): Promise<void>;
}

/** How to collect. */
export interface CollectionOptions {
  /** Says who collects, to whoever finds the collection under way. */
  readonly note: string;
  /** Marks what it condemns; and it sees only what has the mark. Absent: no mark, and it sees everything. */
  readonly tag?: string;
}

/** Contents on their way out. */
export interface Garbage {
  /** What is condemned or set aside now; throws if a part of it cannot be read. */
  list(): Promise<readonly Condemned[]>;
  /** What is known of one; its `changedMs` tells since when it has been garbage. Undefined if it is gone. */
  stat(entry: Condemned): Promise<Stat | undefined>;
  /** The bytes of a content that is no longer under its key, and could be restored; otherwise undefined. */
  open(content: Key): Promise<Content | undefined>;
  /** Has such a content back under its key, unless that has an object already; false if there is no such content. */
  restore(content: Key): Promise<boolean>;
  /** Takes damaged bytes out of the way, so that they count as missing, if they are still those that were judged. */
  setAside(content: Key, judged: Stat): Promise<boolean>;
  /** Removes what is left of those who died while they took something away. */
  tidy(): Promise<void>;
  /** Begins the only collection, without waiting, or returns what its holder has noted. */
  collect(options: CollectionOptions): Promise<Collection | { readonly heldBy: string }>;
}
