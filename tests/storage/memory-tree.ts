// Objects and prefixes in memory, which the ports of the memory driver share.
import type { Key } from "../../src/storage/ports.ts";
import { parentOf, type StoredObject } from "./memory-object.ts";

/** What lies under which key. */
export class MemoryTree {
  readonly now: () => number;
  readonly objects = new Map<Key, StoredObject>();
  /** With the time when each was made, or what lies directly below it last came or went. */
  readonly prefixes = new Map<Key, number>();
  #identities = 0;

  constructor(now: () => number) {
    this.now = now;
  }

  put(key: Key, bytes: Uint8Array): void {
    this.#identities += 1;
    const now = this.now();
    const identity = this.#identities;
    const isNew = !this.objects.has(key);
    this.objects.set(key, {
      bytes: Uint8Array.from(bytes),
      modifiedMs: now,
      changedMs: now,
      identity,
      isDamaged: false,
    });
    if (isNew) this.#touch(parentOf(key));
    this.addPrefixes(parentOf(key));
  }

  /** The time goes on also if the clock of a test stands still. */
  #touch(prefix: Key): void {
    const changedMs = this.prefixes.get(prefix);
    if (changedMs !== undefined) this.prefixes.set(prefix, Math.max(this.now(), changedMs + 0.001));
  }

  /** Makes the prefix with its parents. */
  addPrefixes(prefix: Key): void {
    for (let current = prefix; current !== ""; current = parentOf(current)) {
      if (this.prefixes.has(current)) continue;
      this.prefixes.set(current, this.now());
      this.#touch(parentOf(current));
    }
  }

  /** Moves an object, or a prefix with everything below it; false if there is neither. */
  move(from: Key, to: Key): boolean {
    const object = this.objects.get(from);
    if (object !== undefined) {
      this.objects.delete(from);
      object.changedMs = this.now();
      this.objects.set(to, object);
      this.addPrefixes(parentOf(to));
      for (const key of [from, to]) this.#touch(parentOf(key));
      return true;
    }
    if (!this.prefixes.has(from)) return false;
    const below = (key: Key) => key === from || key.startsWith(`${from}/`);
    const prefixes = [...this.prefixes.keys()].filter(below);
    for (const prefix of prefixes) this.prefixes.delete(prefix);
    this.#touch(parentOf(from));
    for (const prefix of prefixes) this.addPrefixes(to + prefix.slice(from.length));
    for (const key of [...this.objects.keys()].filter(below)) this.move(key, to + key.slice(from.length));
    return true;
  }

  /** Removes what is under the key and below it. */
  remove(key: Key): void {
    const isBelow = (other: Key) => other === key || other.startsWith(`${key}/`);
    for (const map of [this.objects, this.prefixes])
      for (const other of [...map.keys()].filter(isBelow)) map.delete(other);
    this.#touch(parentOf(key));
  }

  /** Whether nothing at all lies below the prefix. */
  isEmpty(prefix: Key): boolean {
    const start = `${prefix}/`;
    return ![...this.prefixes.keys(), ...this.objects.keys()].some((key) => key.startsWith(start));
  }

  /** Removes the prefix if nothing lies below it. */
  removeIfEmpty(prefix: Key): void {
    if (this.isEmpty(prefix) && this.prefixes.delete(prefix)) this.#touch(parentOf(prefix));
  }

  isBelowObject(key: Key): boolean {
    return [...this.objects.keys()].some((object) => key.startsWith(`${object}/`));
  }
}
