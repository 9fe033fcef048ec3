// What a JSON text will cost to parse, counted over its bytes beforehand: a running parser cannot be stopped, and it
// blocks everybody else. What costs is the number of values, of different keys (each is new to the parser) and of
// escapes; long plain strings cost next to nothing.

/** Limits on what takes time. */
export interface JsonLimits {
  readonly maxDepth: number;
  /** Values of any kind, and keys. */
  readonly maxValues: number;
  /** Keys that differ from each other. */
  readonly maxDifferentKeys: number;
  /** Backslashes in strings. */
  readonly maxEscapes: number;
  /** Keys whose numbers must be written as integers: Go's reader refuses `5.0` and `5e0`. */
  readonly wholeKeys?: readonly string[];
}

/** What is wrong with a text that exceeds a limit, or has a number that readers disagree about. */
interface JsonExcess {
  readonly problem: string;
}

/** Counts slice by slice, so that others can be served in between. */
export class JsonMeter {
  readonly #bytes: Uint8Array;
  readonly #limits: JsonLimits;
  readonly #keys = new Set<number>();
  // Random, so that nobody can choose keys with equal hashes to have them counted once.
  readonly #seed = Math.floor(Math.random() * 2 ** 32);
  #position = 0;
  #depth = 0;
  #values = 1;
  #pairs = 0;
  #escapes = 0;
  #nextQuote = -1;
  #nextBackslash = -1;

  constructor(bytes: Uint8Array, limits: JsonLimits) {
    this.#bytes = bytes;
    this.#limits = limits;
  }

  /** Members of all objects: exact when the bytes were counted to the end and are JSON. */
  get pairs(): number {
    return this.#pairs;
  }

  /** Continues for this many bytes and to the end of a string; tells whether that was all, or too much. */
  advance(sliceBytes: number): "more" | "done" | JsonExcess {
    const bytes = this.#bytes;
    const { maxDepth, maxValues, maxEscapes } = this.#limits;
    const end = Math.min(this.#position + sliceBytes, bytes.length);
    let [position, depth, values] = [this.#position, this.#depth, this.#values];
    for (; position < end; position += 1) {
      const byte = bytes[position];
      if (byte === quote) {
        const keyStart = position;
        position = this.#skipString(position);
        // A colon after a key belongs to this slice.
        const colonAt = skipSpace(bytes, position + 1);
        if (bytes[colonAt] === colon) {
          const excess =
            this.#countKey(keyStart) ?? this.#refuseFraction(bytes.subarray(keyStart, position + 1), colonAt);
          if (excess !== undefined) return excess;
          position = colonAt;
        }
      } else if (byte === openBrace || byte === openBracket) {
        depth += 1;
        values += 1;
        if (depth > maxDepth) return { problem: `objects and arrays are nested more than ${maxDepth} deep` };
      } else if (byte === closeBrace || byte === closeBracket) depth -= 1;
      else if (byte === comma) values += 1;
      if (values + this.#pairs > maxValues) return { problem: `there are more than ${maxValues} keys and values` };
      if (this.#escapes > maxEscapes) return { problem: `the strings have more than ${maxEscapes} escapes` };
    }
    [this.#position, this.#depth, this.#values] = [position, depth, values];
    return position < bytes.length ? "more" : "done";
  }

  /** The position of the quote that ends the string starting here. Long ones are searched, not walked. */
  #skipString(start: number): number {
    for (let position = start + 1; ; position = this.#nextBackslash + 2) {
      if (this.#nextQuote < position) this.#nextQuote = this.#find(quote, position);
      if (this.#nextBackslash < position) this.#nextBackslash = this.#find(backslash, position);
      if (this.#nextBackslash >= this.#nextQuote) return this.#nextQuote;
      this.#escapes += 1;
    }
  }

  /** The end of the bytes if there is none. */
  #find(byte: number, from: number): number {
    const found = this.#bytes.indexOf(byte, from);
    return found === -1 ? this.#bytes.length : found;
  }

  #countKey(start: number): JsonExcess | undefined {
    const { maxDifferentKeys } = this.#limits;
    this.#pairs += 1;
    this.#keys.add(hashKey(this.#bytes, start, this.#seed));
    if (this.#keys.size <= maxDifferentKeys) return undefined;
    return { problem: `there are more than ${maxDifferentKeys} different keys` };
  }

  #refuseFraction(key: Uint8Array, colonAt: number): JsonExcess | undefined {
    const { wholeKeys } = this.#limits;
    if (wholeKeys === undefined || !isFraction(this.#bytes, skipSpace(this.#bytes, colonAt + 1))) return undefined;
    const found = wholeKeys.find((name) => name === readKey(key));
    return found === undefined ? undefined : { problem: `${found} is not written as a whole number` };
  }
}

/** Whether a number with a fraction or an exponent begins here, if it is JSON. */
function isFraction(bytes: Uint8Array, start: number): boolean {
  let position = start;
  if (bytes[position] === minus) position += 1;
  while (isDigit(bytes[position])) position += 1;
  const next = bytes[position];
  return position > start && (next === dot || next === lowerE || next === upperE);
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= zero && byte <= zero + 9;
}

const longestKeyBytes = 200;

/** With its quotes; undefined for a key that nobody looks for. */
function readKey(quoted: Uint8Array): unknown {
  if (quoted.length > longestKeyBytes) return undefined;
  try {
    return JSON.parse(new TextDecoder().decode(quoted));
  } catch {
    return undefined;
  }
}

function skipSpace(bytes: Uint8Array, start: number): number {
  let position = start;
  while (spaces.includes(bytes[position] ?? 0)) position += 1;
  return position;
}

const hashedBytes = 64;

/** The hash of a key that begins with the quote at `start`, including what follows a short one. */
function hashKey(bytes: Uint8Array, start: number, seed: number): number {
  const end = Math.min(start + hashedBytes, bytes.length);
  let hash = seed;
  for (let position = start + 1; position < end && bytes[position] !== quote; position += 1) {
    // A step of FNV-1a.
    hash = Math.imul(hash ^ (bytes[position] ?? 0), 0x01000193);
  }
  return hash;
}

/** The bytes that JSON is made of. */
export const spaces: readonly number[] = [0x20, 0x09, 0x0a, 0x0d];
export const quote = 0x22;
const comma = 0x2c;
export const colon = 0x3a;
export const openBracket = 0x5b;
export const backslash = 0x5c;
export const closeBracket = 0x5d;
export const openBrace = 0x7b;
export const closeBrace = 0x7d;
const minus = 0x2d;
const dot = 0x2e;
const zero = 0x30;
const upperE = 0x45;
const lowerE = 0x65;
