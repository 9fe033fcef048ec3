// The port of listings, which only a store has that gives everything below a prefix at once: there, asking for each object
// would be a request each. A directory is walked.
import type { Key, Stat } from "./ports.ts";

/** An object, as a listing shows it. */
export interface ListedKey {
  readonly key: Key;
  readonly stat: Stat;
}

/** Which part of a listing is wanted. */
export interface ListingRange {
  /** Only keys that come after this one. */
  readonly after?: Key | undefined;
  /** Only keys that come before this one, or are it. */
  readonly end?: Key | undefined;
}

/** Listings of everything that lies below a prefix. */
export interface Listings {
  /** Page by page, in the order of the keys' bytes. What is there from the beginning to the end is in it. */
  scan(prefix: Key, range?: ListingRange): AsyncIterable<readonly ListedKey[]>;
  /** The identity of an object that holds these bytes, and these alone; undefined if it does not follow from them. */
  identityOf(bytes: Uint8Array): string | undefined;
}
