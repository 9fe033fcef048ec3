// The driver in memory: what the disk does, without one. For tests; nothing survives the process.
import { inTurns } from "../lib/pacer.ts";
import type { Driver, Key, ListOptions, Lock, LockMode, OpenUploadOptions, Space, Stat, Upload } from "./driver.ts";
import { MemoryLocks } from "./memory-locks.ts";
import { describeObject, holdObject, parentOf, type StoredObject } from "./memory-object.ts";
import { MemoryTransfers } from "./memory-transfers.ts";
import { UploadClaims } from "./upload-claims.ts";

/** An empty store. `now` gives the time in milliseconds since 1970. */
export function openMemory(now: () => number = Date.now): Driver {
  return new MemoryDriver(now);
}

const trashPrefix = "trash/";
/** An entry of a blob lies below its algorithm and stripe. */
const blobEntryDepth = 3;

class MemoryDriver implements Driver {
  readonly #transfers: MemoryTransfers;
  readonly #now: () => number;
  readonly #objects = new Map<Key, StoredObject>();
  /** With the time when it was made. */
  readonly #prefixes = new Map<Key, number>();
  readonly #locks = new MemoryLocks();
  readonly #claims = new UploadClaims();
  readonly #held = new Map<string, string>();
  #identities = 0;

  constructor(now: () => number) {
    this.#now = now;
    this.#transfers = new MemoryTransfers(now, (key, bytes) => this.#put(key, bytes));
  }

  #put(key: Key, bytes: Uint8Array): void {
    this.#identities += 1;
    const now = this.#now();
    this.#objects.set(key, {
      bytes: Uint8Array.from(bytes),
      modifiedMs: now,
      changedMs: now,
      identity: this.#identities,
      isDamaged: false,
    });
    this.#addPrefixes(parentOf(key));
  }

  #addPrefixes(prefix: Key): void {
    for (let current = prefix; current !== ""; current = parentOf(current)) {
      if (!this.#prefixes.has(current)) this.#prefixes.set(current, this.#now());
    }
  }

  #move(from: Key, to: Key): boolean {
    const object = this.#objects.get(from);
    if (object !== undefined) {
      this.#objects.delete(from);
      object.changedMs = this.#now();
      this.#objects.set(to, object);
      this.#addPrefixes(parentOf(to));
      return true;
    }
    if (!this.#prefixes.has(from)) return false;
    const below = (key: Key) => key === from || key.startsWith(`${from}/`);
    const prefixes = [...this.#prefixes.keys()].filter(below);
    for (const prefix of prefixes) this.#prefixes.delete(prefix);
    for (const prefix of prefixes) this.#addPrefixes(to + prefix.slice(from.length));
    for (const key of [...this.#objects.keys()].filter(below)) this.#move(key, to + key.slice(from.length));
    return true;
  }

  async stat(key: Key): Promise<Stat | undefined> {
    const object = this.#objects.get(key);
    return object === undefined ? undefined : describeObject(object);
  }

  async read(key: Key, maxBytes: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const bytes = this.#objects.get(key)?.bytes;
    return bytes === undefined || bytes.length > maxBytes ? undefined : Uint8Array.from(bytes);
  }

  async open(key: Key): Promise<Blob | undefined> {
    const bytes = this.#objects.get(key)?.bytes;
    return bytes === undefined ? undefined : new Blob([bytes]);
  }

  async dropCache(): Promise<void> {}

  async write(key: Key, bytes: Uint8Array): Promise<void> {
    if (this.#prefixes.has(key)) {
      if (!this.#isEmpty(key)) throw Object.assign(new Error(`EISDIR: ${key}`), { code: "EISDIR" });
      this.#prefixes.delete(key);
    }
    this.#put(key, bytes);
  }

  async append(key: Key, bytes: Uint8Array): Promise<number | undefined> {
    const before = this.#objects.get(key)?.bytes;
    if (before !== undefined) this.#put(key, Buffer.concat([before, bytes]));
    return this.#objects.get(key)?.bytes.length;
  }

  async touch(key: Key): Promise<boolean> {
    const object = this.#objects.get(key);
    if (object !== undefined) object.changedMs = object.modifiedMs = this.#now();
    return object !== undefined;
  }

  async noteDamage(key: Key, judged: Stat, isDamaged: boolean): Promise<boolean> {
    const object = this.#objects.get(key);
    const isSame = String(object?.identity) === judged.identity;
    if (object !== undefined && isSame) object.isDamaged = isDamaged;
    return isSame;
  }

  async delete(key: Key): Promise<boolean> {
    const wasThere = this.#objects.delete(key);
    if (wasThere && this.#isEmpty(parentOf(key))) this.#prefixes.delete(parentOf(key));
    return wasThere;
  }

  async forget(key: Key): Promise<boolean> {
    return this.delete(key);
  }

  async syncAll(): Promise<void> {}

  async settle(): Promise<void> {}

  async list(prefix: Key, { after = "", limit, others }: ListOptions = {}): Promise<readonly string[]> {
    const start = `${prefix}/`;
    if (this.#isBelowObject(start)) throw Object.assign(new Error(`${prefix} is no prefix`), { code: "ENOTDIR" });
    if (others !== undefined) namesBelow(start, this.#objects.keys()).forEach(others);
    const names = namesBelow(start, this.#prefixes.keys());
    return names.filter((name) => name > after).slice(0, limit);
  }

  async names(prefix: Key): Promise<AsyncIterable<string>> {
    return inTurns(await this.list(prefix));
  }

  async isObstructed(key: Key): Promise<boolean> {
    return this.#prefixes.has(key) || this.#isBelowObject(key);
  }

  #isBelowObject(key: Key): boolean {
    return [...this.#objects.keys()].some((object) => key.startsWith(`${object}/`));
  }

  async exists(prefix: Key): Promise<boolean> {
    return this.#prefixes.has(prefix);
  }

  async prefixTime(prefix: Key): Promise<number | undefined> {
    return this.#prefixes.get(prefix);
  }

  async makePrefix(prefix: Key): Promise<void> {
    this.#addPrefixes(prefix);
  }

  #isEmpty(prefix: Key): boolean {
    const start = `${prefix}/`;
    return ![...this.#prefixes.keys(), ...this.#objects.keys()].some((key) => key.startsWith(start));
  }

  async countObjects(prefix: Key): Promise<number> {
    return [...this.#objects.keys()].filter((key) => key.startsWith(`${prefix}/`)).length;
  }

  async removeEmpty(prefix: Key): Promise<boolean> {
    const below = [...this.#prefixes.keys()].filter((key) => key === prefix || key.startsWith(`${prefix}/`));
    for (const key of below.sort().reverse()) if (this.#isEmpty(key)) this.#prefixes.delete(key);
    return !this.#prefixes.has(prefix);
  }

  async removePrefix(prefix: Key): Promise<boolean> {
    if (!this.#isEmpty(prefix)) return false;
    this.#prefixes.delete(prefix);
    return true;
  }

  keepsProcessesApart(): boolean {
    return true;
  }

  async lock(name: string, mode: LockMode, { waitMs }: { readonly waitMs: number }): Promise<Lock | undefined> {
    return this.#locks.take(name, mode, waitMs);
  }

  async holdWork(kind: string, note: string): Promise<Disposable | { readonly heldBy: string }> {
    const heldBy = this.#held.get(kind);
    if (heldBy !== undefined) return { heldBy };
    this.#held.set(kind, note);
    return { [Symbol.dispose]: () => void this.#held.delete(kind) };
  }

  async trash(key: Key, name: string): Promise<boolean> {
    return this.#move(key, trashPrefix + name);
  }

  async trashUnchanged(key: Key, name: string, judged: Stat): Promise<boolean> {
    const stat = await this.stat(key);
    if (stat?.identity !== judged.identity || stat.modifiedMs !== judged.modifiedMs) return false;
    this.#move(key, trashPrefix + name);
    if (this.#isEmpty(parentOf(key))) this.#prefixes.delete(parentOf(key));
    return true;
  }

  async listTrash(kind: string): Promise<readonly string[]> {
    const depth = kind === "blobs" ? blobEntryDepth : 1;
    const keys = [...this.#objects.keys(), ...this.#prefixes.keys()].filter((key) =>
      key.startsWith(`${trashPrefix}${kind}/`),
    );
    const names = keys.map((key) => key.slice(trashPrefix.length).split("/"));
    const entries = names.filter((parts) => parts.length > depth).map((parts) => parts.slice(0, depth + 1).join("/"));
    return [...new Set(entries)];
  }

  async statTrash(name: string): Promise<Stat | undefined> {
    return this.stat(trashPrefix + name);
  }

  #restorable(name: string): Key | undefined {
    const isRestorable = (key: Key) => key.startsWith(`${trashPrefix}${name}.`) && !key.endsWith(".bad");
    return [...this.#objects.keys()].find(isRestorable);
  }

  async openInTrash(name: string): Promise<Blob | undefined> {
    return this.open(this.#restorable(name) ?? "");
  }

  async renameTrash(from: string, to: string): Promise<boolean> {
    return this.#move(trashPrefix + from, trashPrefix + to);
  }

  async restore(name: string, key: Key): Promise<boolean> {
    const entry = this.#restorable(name);
    return entry !== undefined && (this.#objects.has(key) || this.#move(entry, key));
  }

  async purge(name: string): Promise<void> {
    const entry = trashPrefix + name;
    const below = (key: Key) => key === entry || key.startsWith(`${entry}/`);
    for (const map of [this.#objects, this.#prefixes]) for (const key of [...map.keys()].filter(below)) map.delete(key);
  }

  async createUpload(key: Key, beside: Readonly<Record<string, string>>): Promise<void> {
    const session = parentOf(key);
    for (const [name, content] of Object.entries(beside))
      this.#put(`${session}/${name}`, new TextEncoder().encode(content));
    this.#put(key, new Uint8Array());
  }

  async protectUpload(): Promise<void> {}

  async discardUpload(key: Key): Promise<void> {
    const session = parentOf(key);
    for (const name of [...this.#objects.keys()]) if (name.startsWith(`${session}/`)) this.#objects.delete(name);
    await this.removeEmpty(session);
  }

  async openUpload(key: Key, options: OpenUploadOptions): Promise<Upload | "busy" | undefined> {
    if (!this.#objects.has(key)) return undefined;
    if (!(await this.#claims.claim(key, options, () => true))) return "busy";
    const object = this.#objects.get(key);
    const release = () => this.#claims.release(key, options.preempted);
    if (object !== undefined) return holdObject(object, { now: this.#now, move: (to) => this.#move(key, to), release });
    release();
    return undefined;
  }

  async sweepTemporary(): Promise<number> {
    return 0;
  }

  transfers() {
    return this.#transfers;
  }

  async space(): Promise<Space> {
    return { freeBytes: Number.MAX_SAFE_INTEGER, totalBytes: Number.MAX_SAFE_INTEGER };
  }
}

/** Those right below, in order. */
function namesBelow(start: Key, keys: Iterable<Key>): string[] {
  const names = [...keys].filter((key) => key.startsWith(start)).map((key) => key.slice(start.length));
  return names.filter((name) => !name.includes("/")).sort();
}
