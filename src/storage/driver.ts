// The contract of storage: bytes under keys, for several processes at once. The driver owns atomicity, order and
// durability; it does not know what a digest, a link or a repository is. tests/storage/contract.ts runs against
// every driver.
//
// A key is a path of segments joined by "/". A prefix is such a path that stands for everything below it.
//
// A driver that cannot carry out a call throws the system's error with its `code`: ENOSPC or EDQUOT (full), EROFS
// (read-only), EIO (the disk failed), ESTALE (the store is not in its place). Nothing is half done then: the old state stands and temporary files are gone.

/** A path of segments joined by "/", below the root of the store. */
export type Key = string;

/** What is known of an object without reading it. */
export interface Stat {
  readonly sizeBytes: number;
  /** Milliseconds since 1970 of the last write or touch; of a restored backup, the time of the restoring. */
  readonly changedMs: number;
  /** Milliseconds since 1970 of the last write or touch, also where the object was moved since. */
  readonly modifiedMs: number;
  /** Tells the object from another one that takes its place. */
  readonly identity: string;
  /** Whether somebody has noted that its bytes are not what they should be; see `noteDamage`. */
  readonly isDamaged: boolean;
}

/** Which part of a listing is wanted. */
export interface ListOptions {
  /** Only names that come after this one. */
  readonly after?: string;
  readonly limit?: number;
  /** Hears of what else is right below the prefix, such as objects. */
  readonly others?: (name: string) => void;
}

/** `shared` for who adds, `alone` for who takes away. */
export type LockMode = "shared" | "alone";

/** A lock that is held until it is disposed of, or until the process dies. */
export interface Lock extends Disposable {
  readonly mode: LockMode;
}

/** One writer's hold on an object that is being uploaded. Nobody else appends while it is held. */
export interface Upload extends Disposable {
  /** Bytes received so far. */
  readonly sizeBytes: number;
  /** Changes when the object is another one, although its key is the same. */
  readonly identity: string;
  /**
   * Whether everything written so far is in memory still, or known to be on disk. Where not, writing it back may have
   * failed without anybody having been told: then only what is read again counts.
   */
  isRemembered(): boolean;
  /** Adds bytes at the end. After a failure `sizeBytes` says how many arrived. */
  append(pieces: readonly Uint8Array[]): Promise<void>;
  /** The bytes received so far. */
  content(): Blob;
  /**
   * Makes the bytes durable and moves them over `to`, in one step that replaces what was there.
   * After it the upload is over. Also where making them durable fails: the system drops what it could not write, and
   * a second try would succeed without it. So the upload is gone then, and its client begins anew.
   */
  commit(to: Key): Promise<void>;
}

/** One holder's hold on a transfer: an upload that others, in any process, may read while it grows. */
export interface Transfer extends Upload {
  /** Ends it without an object. Who follows it finds it no longer in place. */
  discard(): Promise<void>;
}

/** A reader of a transfer. What it has opened stays readable when that becomes an object, and is empty when it is discarded. */
export interface Following extends Disposable {
  /** Bytes that are there so far. */
  sizeBytes(): number;
  /** Whether the transfer stands under its key still; else it was discarded, or has become an object. */
  isInPlace(): boolean;
  /** Whether it has become the object that is under this key now. */
  isAt(key: Key): boolean;
  /** At most `maxBytes` from the offset on; fewer where there are no more yet. */
  read(offset: number, maxBytes: number): Promise<Uint8Array>;
}

/** Transfers: objects that grow under a lock until they are whole. Nothing of them need survive a power cut. */
export interface TransferArea {
  /**
   * Takes hold of a transfer, and begins it where there is none; one that its holder left by dying is gone on with.
   * "busy" while somebody else, in this process or another one, holds it.
   */
  open(key: Key): Promise<Transfer | "busy">;
  /** A reader of the transfer that is under the key now; undefined where there is none. */
  follow(key: Key): Promise<Following | undefined>;
  /** Removes transfers below the prefix that nobody holds and that rest for longer than this; returns how many. */
  sweep(prefix: Key, olderThanMs: number): Promise<number>;
}

/** How much room a store has. */
export interface Space {
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** Bytes under keys. */
export interface Driver {
  /** What is under the key, or undefined; where links are not followed, also for a symbolic link. */
  stat(key: Key, options?: { readonly isLinkFollowed: boolean }): Promise<Stat | undefined>;
  /** The whole of a small object, or undefined; also undefined where it is larger than `maxBytes`. */
  read(key: Key, maxBytes: number): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** A handle on the object to stream or slice it, or undefined. */
  open(key: Key): Promise<Blob | undefined>;
  /** Lets the next reads of the object come from the disk rather than from memory, where the system can do that. */
  dropCache(key: Key): Promise<void>;
  /**
   * Replaces the object, all or nothing; when the promise resolves it survives a power cut. A prefix in its place goes
   * where nothing at all is below it; else EISDIR is thrown.
   */
  write(key: Key, bytes: Uint8Array): Promise<void>;
  /**
   * Adds a few bytes to an object that is there; how large it is then, or undefined where there is none. Who reads or
   * adds at the same time sees all of them or none. They need not survive a power cut.
   */
  append(key: Key, bytes: Uint8Array): Promise<number | undefined>;
  /** Sets the object's time to now; false where there is none. Does nothing on a read-only store. */
  touch(key: Key): Promise<boolean>;
  /**
   * Notes durably that the bytes of the object are damaged, or that they are not, if it is still the one that was
   * judged; else false. Everybody sees it in `stat`, wherever the object is moved; what replaces it is without it.
   */
  noteDamage(key: Key, judged: Stat, isDamaged: boolean): Promise<boolean>;
  /** Removes the object, durably, and its prefix when nothing else lies below that; false where there was none. */
  delete(key: Key): Promise<boolean>;
  /** Removes the object; until `syncAll` a power cut may bring it back. False where there was none. */
  forget(key: Key): Promise<boolean>;
  /** Makes everything that any process has written or removed so far survive a power cut. */
  syncAll(): Promise<void>;
  /** Makes what other processes wrote under these keys a moment ago survive a power cut. */
  settle(keys: readonly Key[]): Promise<void>;

  /**
   * Names of the prefixes right below this one, in byte order; objects are never listed. Throws where something is there
   * that is no prefix: ENOTDIR, ENOLINK (it leads to nothing that is there now), ELOOP (it leads back to itself).
   */
  list(prefix: Key, options?: ListOptions): Promise<readonly string[]>;
  /** The same names as they come, in no order, for who may not want all of them. */
  names(prefix: Key): Promise<AsyncIterable<string>>;
  /** Whether something stands in the way of an object that `stat` does not find: no object there, no prefix on the way. */
  isObstructed(key: Key): Promise<boolean>;
  /** Whether the prefix was made and not removed. */
  exists(prefix: Key): Promise<boolean>;
  /** When the prefix was made, or later; undefined where there is none. Milliseconds since 1970. */
  prefixTime(prefix: Key): Promise<number | undefined>;
  /** Makes a prefix that may stay empty, durably. */
  makePrefix(prefix: Key): Promise<void>;
  /** How many objects lie below the prefix, those of writers that died among them. */
  countObjects(prefix: Key): Promise<number>;
  /**
   * Removes prefixes without objects, from below, and at last this one; false where something is left. Where it need
   * not be durable, a power cut before the next `syncAll` may bring them back.
   */
  removeEmpty(prefix: Key, options?: { readonly isDurable: boolean }): Promise<boolean>;
  /** Removes one prefix with nothing at all below it; false where something is. */
  removePrefix(prefix: Key): Promise<boolean>;

  /** Whether `lock` and `holdWork` keep processes apart, and not only the tasks of this one. */
  keepsProcessesApart(): boolean;
  /**
   * A lock by name, across all processes on the store and all tasks inside them, or undefined when it was not to be
   * had in time. Writers that want it alone are not starved by a stream of shared holders.
   */
  lock(name: string, mode: LockMode, options: { readonly waitMs: number }): Promise<Lock | undefined>;
  /**
   * Takes the one hold that there is on a kind of work, across all processes, without waiting; or tells what its
   * holder wrote into `note`.
   */
  holdWork(kind: string, note: string): Promise<Disposable | { readonly heldBy: string }>;

  /**
   * Moves an object or a prefix out of sight in one durable step; false where there is none. A prefix that the
   * filesystem cannot move is removed, object by object in byte order of the names: what decides has to come first.
   */
  trash(key: Key, name: string): Promise<boolean>;
  /**
   * Brings back a trash entry called `<name>.<anything but bad>` to the key, which keeps what it has; false where there
   * is no such entry.
   */
  restore(name: string, key: Key): Promise<boolean>;
  /**
   * Moves the object into the trash if it is still the one that was judged: neither replaced nor touched since.
   * Otherwise false, and the object is at its key. Not durable by itself.
   */
  trashUnchanged(key: Key, name: string, judged: Stat): Promise<boolean>;
  /** Names of the entries of one kind ("blobs", "tags", "uploads"); throws where a part of it cannot be read. */
  listTrash(kind: string): Promise<readonly string[]>;
  /** What is known of a trash entry; its `changedMs` is the time when it came into the trash. */
  statTrash(name: string): Promise<Stat | undefined>;
  /** A handle on an entry that `restore` would bring back, or undefined. */
  openInTrash(name: string): Promise<Blob | undefined>;
  /** Gives a trash entry another name; false where it is gone. */
  renameTrash(from: string, to: string): Promise<boolean>;
  /** Destroys a trash entry. */
  purge(name: string): Promise<void>;

  /**
   * Begins an upload of no bytes under a key that nobody used before. `beside` are small objects next to it, by name;
   * they go when its prefix is discarded. Nothing of it need survive a power cut.
   */
  createUpload(key: Key, beside: Readonly<Record<string, string>>): Promise<void>;
  /** Sees to it that nobody but the owner of the store can read an upload, whoever began it. */
  protectUpload(key: Key): Promise<void>;
  /** Removes what stands beside an upload that is over. */
  discardUpload(key: Key): Promise<void>;
  /**
   * Takes hold of an upload; undefined where there is none; "busy" when its holder did not let go within `waitMs`, or a
   * newer request came. Holders and waiters in the same process are asked to let go through their `preempted`; with a
   * `waitMs` of 0 nobody is asked.
   */
  openUpload(key: Key, options: OpenUploadOptions): Promise<Upload | "busy" | undefined>;
  /** Removes files that writers left behind when they died longer ago than this, or only counts them. */
  sweepTemporary(olderThanMs: number, options?: { readonly isDryRun: boolean }): Promise<number>;
  /** The area of transfers. */
  transfers(): TransferArea;
  /** How much room there is for bytes. */
  space(): Promise<Space>;
}

/** How to take hold of an upload. */
export interface OpenUploadOptions {
  readonly waitMs: number;
  /** Aborted when a newer request in this process wants the upload. */
  readonly preempted: AbortController;
}
