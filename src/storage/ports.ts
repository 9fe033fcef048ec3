// The contract of storage: bytes under keys, shared by several processes. It is split into ports, each with its own suite
// in tests/storage, which runs against every driver. Drivers own atomicity, order and durability; they do not know what
// a digest, a link or a repository is.
//
// A key is a path of segments joined by "/". A prefix is such a path that stands for everything below it.
//
// A call that fails throws the system's error with its `code`: ENOSPC or EDQUOT (full), EROFS (read-only), EIO (the disk
// failed), ESTALE (the store is not in its place). Nothing is left half done: the old state remains and temporary files
// are gone.
import type { Content } from "../lib/content.ts";
import type { Soon } from "../lib/soon.ts";

/** A path of segments joined by "/", below the root of the store. */
export type Key = string;

/** What is known of an object without reading it. */
export interface Stat {
  readonly sizeBytes: number;
  /** Milliseconds since 1970 of the last write or renewal; of a restored backup, the time of the restore. */
  readonly changedMs: number;
  /** Milliseconds since 1970 of the last write or renewal, even if the object was moved since. */
  readonly modifiedMs: number;
  /** Distinguishes the object from one that replaces it. */
  readonly identity: string;
  /** Whether its bytes have been noted as damaged; see `noteDamage`. */
  readonly isDamaged: boolean;
}

/** Which part of a listing to return. */
export interface ListOptions {
  /** Only names that come after this one. */
  readonly after?: string;
  readonly limit?: number;
  /** Called with everything else right below the prefix, such as objects. */
  readonly others?: (name: string) => void;
}

/**
 * Whether a change survives a power cut once the promise resolves. With `isDurable: false` it reaches the disk no later than what
 * is changed after it, and for certain with a `flush` or the end of an `Adding`.
 */
export interface Lasting {
  readonly isDurable: boolean;
}

/** An object to be written. */
export interface NewObject {
  readonly key: Key;
  readonly bytes: Uint8Array;
}

/** Objects under keys. */
export interface Objects {
  /** What is under the key, or undefined. With `isLinkFollowed: false` a symbolic link is no object. */
  stat(key: Key, options?: { readonly isLinkFollowed: boolean }): Promise<Stat | undefined>;
  /** The whole of a small object; undefined if there is none, or if it is larger than `maxBytes`. */
  read(key: Key, maxBytes: number): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /**
   * A handle on the object to stream or slice it, or undefined. A store on which a stat is a request skips it if the caller
   * passes what it has just seen; if the object is gone or replaced by then, reading fails.
   */
  open(key: Key, seen?: Stat): Promise<Content | undefined>;
  /**
   * Replaces the object, all or nothing; once the promise resolves it survives a power cut. A prefix in its place is
   * removed if it is empty; otherwise EISDIR is thrown.
   */
  put(key: Key, bytes: Uint8Array, options?: Lasting): Promise<void>;
  /** The same for several, in this order: if one of them is visible so are those before it, also after a power cut. */
  putAll(objects: readonly NewObject[], options?: Lasting): Promise<void>;
  /** Makes everything that was changed with `isDurable: false` before this call survive a power cut. */
  flush(): Promise<void>;
  /**
   * Adds a few bytes to an existing object and returns its new size; undefined if there is none. Concurrent readers and
   * writers see all of the bytes or none. They need not survive a power cut.
   */
  append(key: Key, bytes: Uint8Array): Promise<number | undefined>;
  /** Sets the object's time to now; false if there is none. Does nothing on a read-only store. */
  renew(key: Key): Promise<boolean>;
  /**
   * Removes the object, and its prefix if nothing else lies below that; false if there was none. With
   * `isDurable: false` a power cut before the next `syncAll` may undo it.
   */
  delete(key: Key, options?: { readonly isDurable: boolean }): Promise<boolean>;
  /**
   * Names of the prefixes right below this one, in byte order; objects are never listed. Throws if something is there
   * that is no prefix: ENOTDIR, ENOLINK (it leads to nothing that is there now), ELOOP (it leads back to itself).
   */
  list(prefix: Key, options?: ListOptions): Promise<readonly string[]>;
  /** The same names as they come, unordered, for callers that may not want all of them. */
  names(prefix: Key): Promise<AsyncIterable<string>>;
}

/** Writers that add hold a lock shared; removers hold it exclusively ("alone"). */
export type LockMode = "shared" | "alone";

/** A lock that is held until it is disposed of, or until the process dies. */
export type Lock = Disposable;

/** Locks across all processes on the store and all tasks inside them. */
export interface Locks {
  /** Whether they keep processes apart, and not only the tasks of this one. */
  keepsProcessesApart(): boolean;
  /**
   * Takes the lock of this name; undefined if it was not free in time. A stream of shared holders does not starve an
   * exclusive one.
   */
  take(name: string, mode: LockMode, options: { readonly waitMs: number }): Promise<Lock | undefined>;
  /** Takes the only hold on a kind of work, without waiting, or returns what its holder wrote into `note`. */
  hold(kind: string, note: string): Promise<Disposable | { readonly heldBy: string }>;
}

/** What was condemned or discarded but not yet destroyed. The name of an entry is never reused. */
export interface Trash {
  /**
   * Moves an object or a prefix out of sight in one durable step; false if there is none. A prefix that the filesystem
   * cannot move is removed object by object, in byte order of the names, so the decisive one has to sort first.
   */
  discard(key: Key, name: string): Promise<boolean>;
  /**
   * Moves the object into the trash if it is still the one that was judged: neither replaced nor renewed since.
   * Otherwise false, and the object is at its key. Not durable by itself.
   */
  condemn(key: Key, name: string, judged: Stat): Promise<boolean>;
  /**
   * Restores an entry called `<name>.<anything but bad>` to the key, unless that has an object already; false if there
   * is no such entry.
   */
  restore(name: string, key: Key): Promise<boolean>;
  /** Names of the entries of one kind ("blobs", "tags", "uploads"); throws if a part of it cannot be read. */
  list(kind: string): Promise<readonly string[]>;
  /** What is known of an entry; its `changedMs` is the time when it came into the trash. */
  stat(name: string): Promise<Stat | undefined>;
  /** A handle on an entry that `restore` would restore, or undefined. */
  open(name: string): Promise<Content | undefined>;
  /** Gives an entry another name; false if it is gone. */
  rename(from: string, to: string): Promise<boolean>;
  /** Destroys an entry. */
  destroy(name: string): Promise<void>;
}

/** Bytes that will become an object, written by one holder. */
export interface Growing {
  /** Bytes received so far. */
  readonly sizeBytes: number;
  /** Differs for every object, even under the same key. */
  readonly identity: string;
  /**
   * Whether everything written so far is still in memory, or known to be on disk. If not, writing it back may have
   * failed unnoticed: then only what is read again counts.
   */
  isRemembered(): boolean;
  /** Adds bytes at the end; the pieces are not held any longer then. After a failure `sizeBytes` says how many arrived. */
  append(pieces: readonly Uint8Array[]): Promise<void>;
  /**
   * Makes the bytes durable and moves them over `to`, in one step that replaces what was there. That ends the upload even if
   * making them durable fails: the system drops what it could not write, so a retry would succeed without it. The client has
   * to start over. With `isDurable: false` the move may reach the disk later, but the bytes may not.
   */
  commit(to: Key, options?: Lasting): Promise<void>;
}

/**
 * One request's hold on an upload. Nobody else appends while it is held; if another node does, one of the two gets EBUSY from
 * `append`, `content` or `commit`, or when it is disposed of. What a request appended becomes visible to others once it has
 * been disposed of.
 */
export interface Upload extends Growing, AsyncDisposable {
  /** The bytes received so far. Nothing may be appended after this call. */
  content(): Promise<Content>;
  /** The note kept with exactly these bytes; undefined if there was none, or it is not remembered. */
  readonly note: string | undefined;
  /** Keeps a note with the bytes as they are, for the next holder. */
  keep(note: string): void;
  /**
   * After `commit`, if what it made has gone since: makes it once more; false if the bytes are not to be had any more. Absent where
   * nothing goes that was just made.
   */
  commitAgain?(to: Key): Promise<boolean>;
}

/** How to take hold of an upload. */
export interface OpenUploadOptions {
  readonly waitMs: number;
  /** Aborted when a newer request in this process wants the upload. */
  readonly preempted: AbortController;
  /** Where the bytes go, if this request is the last one. They may then be committed nowhere else. */
  readonly target?: Key;
}

/** Uploads: objects that arrive over several requests. */
export interface Uploads {
  /**
   * Starts an empty upload under a new key. `beside` are small objects next to it, by name, which are removed with it.
   * Without `beside` no other request knows of it: whoever opens it next holds it until it ends. Nothing of it need survive
   * a power cut.
   */
  create(key: Key, beside?: Readonly<Record<string, string>>): Promise<void>;
  /** Makes sure that only the owner of the store can read an upload, even if another program started it. */
  protect(key: Key): Promise<void>;
  /** How many bytes have arrived; undefined if there is no such upload. */
  size(key: Key): Promise<number | undefined>;
  /** When an upload, or what is left of one, last changed, in milliseconds since 1970; undefined if there is nothing. */
  changedMs(key: Key): Promise<number | undefined>;
  /**
   * Removes what is beside an upload that is over, or that never had more. Called by the holder after a commit, others may see
   * some of it a little longer.
   */
  discard(key: Key): Promise<void>;
  /** Waits a few seconds at most for removals that `discard` left for later, before a process ends. Absent if it leaves none. */
  settle?(): Promise<void>;
  /** Ends an upload in any state and removes all of it, atomically for observers. */
  cancel(key: Key): Promise<void>;
  /**
   * Takes hold of an upload; undefined if there is none; "busy" if its holder did not let go within `waitMs`, or a
   * newer request came. Holders and waiters in the same process are asked to let go through their `preempted`; with a
   * `waitMs` of 0 nobody is asked.
   */
  open(key: Key, options: OpenUploadOptions): Promise<Upload | "busy" | undefined>;
}

/** One holder's hold on a transfer: bytes that others, in any process of this machine, may read while they grow. */
export interface Transfer extends Growing, Disposable {
  /** The bytes received so far. */
  content(): Content;
  /** Ends it without an object. Its followers find it no longer in place. */
  discard(): Promise<void>;
}

/** A reader of a transfer. What it has opened stays readable when that becomes an object, and is empty when it is discarded. */
export interface Following extends Disposable {
  /** How many bytes are there so far. */
  sizeBytes(): number;
  /** Whether the transfer is still under its key; otherwise it was discarded, or has become an object. */
  isInPlace(): boolean;
  /** Whether it has become the object that is under this key now. */
  isAt(key: Key): boolean;
  /** At most `maxBytes` from the offset on; fewer if there are no more yet. */
  read(offset: number, maxBytes: number): Promise<Uint8Array>;
}

/** Transfers: objects that grow under a lock until they are whole. Nothing of them need survive a power cut. */
export interface Transfers {
  /**
   * Takes hold of a transfer, and begins it if there is none; one whose holder died is resumed. "busy" while somebody
   * else, in this process or another one, holds it.
   */
  open(key: Key): Promise<Transfer | "busy">;
  /** A reader of the transfer that is under the key now; undefined if there is none. */
  follow(key: Key): Promise<Following | undefined>;
  /** Removes transfers below the prefix that nobody holds and that have rested for longer than this; returns how many. */
  sweep(prefix: Key, olderThanMs: number): Promise<number>;
}

/** How much room a store has. */
export interface Space {
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** What only a directory has or needs: prefixes that exist by themselves, caches of the system, a disk that fills. */
export interface Directory {
  /**
   * When the prefix was made, or what lies directly below it last came or went, in milliseconds since 1970; undefined if
   * there is none. Changes within a tick of the store's clock have the same time.
   */
  prefixTime(prefix: Key): Promise<number | undefined>;
  /**
   * The same, provided that every such change by any program alters it; 0 if there is no such prefix. Undefined if that is
   * unknown, as on a network filesystem, or an overlay of several disks. A directory that answers at once makes no promise:
   * a catalog asks for each repository.
   */
  changeTime(prefix: Key): Soon<number | undefined>;
  /** Creates a prefix that may stay empty. It reaches the disk no later than what is changed after it. */
  makePrefix(prefix: Key): Promise<void>;
  /**
   * Removes prefixes without objects, bottom up, and finally this one; false if something is left. With
   * `isDeep: false` only this one, if nothing at all is below it. With `isDurable: false` a power cut before the next
   * `syncAll` may undo it.
   */
  removeEmpty(prefix: Key, options?: { readonly isDurable?: boolean; readonly isDeep?: boolean }): Promise<boolean>;
  /** How many objects are below the prefix, including temporary ones that dead writers left, which no listing shows. */
  countObjects(prefix: Key): Promise<number>;
  /** Whether an object that `stat` does not find is blocked by something else in its place, or on the path to it. */
  isObstructed(key: Key): Promise<boolean>;
  /** Makes what other processes have just written under these keys survive a power cut. */
  settle(keys: readonly Key[]): Promise<void>;
  /** Makes everything that any process has written or removed so far survive a power cut. */
  syncAll(): Promise<void>;
  /** Lets the next reads of the object come from the disk rather than from memory, if the system can do that. */
  dropCache(key: Key): Promise<void>;
  /**
   * Durably marks the bytes of the object as damaged or as intact, if it is still the one that was judged; otherwise false.
   * `stat` shows the mark to everybody, wherever the object is moved; a replacement does not have it.
   */
  noteDamage(key: Key, judged: Stat, isDamaged: boolean): Promise<boolean>;
  /** Removes files that writers left behind when they died longer ago than this, or only counts them. */
  sweepTemporary(olderThanMs: number, options?: { readonly isDryRun: boolean }): Promise<number>;
  /** How much room there is for bytes. */
  space(): Promise<Space>;
}
