// The sizes of millions of blobs in little memory: tables as in digest-set.ts, with a number beside each entry.
import type { Digest } from "../oci/digest.ts";
import { findPlace, firstPlaces, fullShare, isFree, isSame, tables, wordsOf, wordsPerEntry } from "./digest-set.ts";

interface SizeTable {
  words: Uint32Array;
  sizes: Float64Array;
  count: number;
}

/** Sizes of digests that were set, to be asked for. */
export class DigestSizes {
  readonly #tables: SizeTable[] = Array.from({ length: tables }, () => emptyTable(0));

  set(digest: Digest, sizeBytes: number): void {
    const entry = wordsOf(digest);
    const index = indexOf(entry);
    const table = this.#tables[index] ?? emptyTable(0);
    const isFull = table.count >= (table.words.length / wordsPerEntry) * fullShare;
    const roomy = isFull ? grown(table) : table;
    this.#tables[index] = roomy;
    const offset = findPlace(roomy.words, entry);
    if (isFree(roomy.words, offset)) roomy.count += 1;
    roomy.words.set(entry, offset);
    roomy.sizes[offset / wordsPerEntry] = sizeBytes;
  }

  /** Undefined for what was never set. */
  get(digest: Digest): number | undefined {
    const entry = wordsOf(digest);
    const table = this.#tables[indexOf(entry)];
    if (table === undefined || table.words.length === 0) return undefined;
    const offset = findPlace(table.words, entry);
    return isSame(table.words, offset, entry) ? table.sizes[offset / wordsPerEntry] : undefined;
  }
}

function indexOf(entry: Uint32Array): number {
  return (entry[wordsPerEntry - 1] ?? 0) % tables;
}

function emptyTable(places: number): SizeTable {
  return { words: new Uint32Array(places * wordsPerEntry), sizes: new Float64Array(places), count: 0 };
}

function grown({ words, sizes, count }: SizeTable): SizeTable {
  const table = emptyTable(Math.max((words.length / wordsPerEntry) * 2, firstPlaces));
  for (let offset = 0; offset < words.length; offset += wordsPerEntry) {
    if (isFree(words, offset)) continue;
    const entry = words.subarray(offset, offset + wordsPerEntry);
    const place = findPlace(table.words, entry);
    table.words.set(entry, place);
    table.sizes[place / wordsPerEntry] = sizes[offset / wordsPerEntry] ?? 0;
  }
  table.count = count;
  return table;
}
