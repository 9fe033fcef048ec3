// A set of millions of digests in little memory: it keeps the first 128 bits of each, in a table with open places.
// Two digests that agree in them count as one, so a set may err towards "has", and never the other way.
import { type Digest, digestHex } from "../oci/digest.ts";

/** An entry is so many words of a table. */
export const wordsPerEntry = 4;
const hexPerWord = 8;
/** Growing a large table would hold up everybody else: 1024 small ones grow in a moment each. */
export const tables = 1024;
/** As many as a table begins with. */
export const firstPlaces = 16;
/** A table grows when more than half of its places are taken. */
export const fullShare = 0.5;

interface Table {
  words: Uint32Array;
  size: number;
}

/** Digests that were added, to be asked for. */
export class DigestSet {
  readonly #tables: Table[] = Array.from({ length: tables }, () => ({ words: new Uint32Array(0), size: 0 }));
  #size = 0;

  /** How many different ones were added. */
  get size(): number {
    return this.#size;
  }

  add(digest: Digest): void {
    const entry = wordsOf(digest);
    const table = this.#tableOf(entry);
    if (table.size >= (table.words.length / wordsPerEntry) * fullShare) grow(table);
    if (!place(table.words, entry)) return;
    table.size += 1;
    this.#size += 1;
  }

  has(digest: Digest): boolean {
    const entry = wordsOf(digest);
    const { words } = this.#tableOf(entry);
    return words.length > 0 && isSame(words, findPlace(words, entry), entry);
  }

  /** By its last word, since its first one tells the place. */
  #tableOf(entry: Uint32Array): Table {
    const table = this.#tables[(entry[wordsPerEntry - 1] ?? 0) % tables];
    if (table === undefined) throw new RangeError("there is no such table");
    return table;
  }
}

function grow(table: Table): void {
  const old = table.words;
  table.words = new Uint32Array(Math.max(old.length * 2, firstPlaces * wordsPerEntry));
  for (let offset = 0; offset < old.length; offset += wordsPerEntry) {
    if (!isFree(old, offset)) place(table.words, old.subarray(offset, offset + wordsPerEntry));
  }
}

/** An entry of zeros is a free place; the one hash that begins so is taken for another. */
export function wordsOf(digest: Digest): Uint32Array {
  const hex = digestHex(digest);
  const words = new Uint32Array(wordsPerEntry);
  for (let word = 0; word < wordsPerEntry; word += 1) {
    words[word] = Number.parseInt(hex.slice(word * hexPerWord, (word + 1) * hexPerWord), 16);
  }
  if (isFree(words, 0)) words[0] = 1;
  return words;
}

/** False when it was there already. */
function place(words: Uint32Array, entry: Uint32Array): boolean {
  const offset = findPlace(words, entry);
  if (!isFree(words, offset)) return false;
  words.set(entry, offset);
  return true;
}

/** Where the entry is, or else the free place where it belongs. Hashes are uniformly distributed, so the first word is the start. */
export function findPlace(words: Uint32Array, entry: Uint32Array): number {
  const places = words.length / wordsPerEntry;
  for (let index = (entry[0] ?? 0) % places; ; index = (index + 1) % places) {
    const offset = index * wordsPerEntry;
    if (isFree(words, offset) || isSame(words, offset, entry)) return offset;
  }
}

/** Whether no entry is at this place. */
export function isFree(words: Uint32Array, offset: number): boolean {
  for (let word = 0; word < wordsPerEntry; word += 1) if (words[offset + word] !== 0) return false;
  return true;
}

/** Whether this entry is at this place. */
export function isSame(words: Uint32Array, offset: number, entry: Uint32Array): boolean {
  for (let word = 0; word < wordsPerEntry; word += 1) if (words[offset + word] !== entry[word]) return false;
  return true;
}
