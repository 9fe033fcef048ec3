// Manifests that another registry has stored and that are too large to be parsed in a moment. What must be known of one
// is found by walking over its bytes, in several turns of the event loop.
import {
  backslash,
  closeBrace,
  closeBracket,
  colon,
  JsonMeter,
  openBrace,
  openBracket,
  quote,
  spaces,
} from "../lib/json-shape.ts";
import { stepAside } from "../lib/pacer.ts";
import { type Digest, parseDigest } from "./digest.ts";
import { isStoredManifest, manifestLimits, storedMediaType } from "./manifest.ts";
import { ociImageIndex, ociImageManifest, servedType } from "./media-type.ts";

/** What is known of it. */
export interface HugeManifest {
  readonly schemaVersion: number | undefined;
  readonly mediaType: string | undefined;
  readonly isIndex: boolean;
  /** Everything spelled like a digest, wherever it is: rather too many than too few. */
  readonly named: ReadonlySet<Digest>;
}

const sliceBytes = 64 * 1024;

/** What the bytes hold, taken for JSON; undefined if they can be parsed in a moment. */
export async function readHugeManifest(bytes: Uint8Array): Promise<HugeManifest | undefined> {
  if (bytes.length < sliceBytes) return undefined;
  const meter = new JsonMeter(bytes, manifestLimits);
  for (let end = meter.advance(sliceBytes); typeof end !== "object"; end = meter.advance(sliceBytes)) {
    if (end === "done") return undefined;
    await stepAside();
  }
  const walk = new ManifestWalk(bytes);
  while (walk.advance(sliceBytes)) await stepAside();
  return walk.found();
}

/** `storedMediaType` for manifests of any size. */
export async function storedMediaTypeInTurns(bytes: Uint8Array): Promise<string | undefined> {
  const huge = await readHugeManifest(bytes);
  if (huge === undefined) return storedMediaType(bytes);
  if (huge.schemaVersion !== 2) return undefined;
  if (huge.mediaType !== undefined && huge.mediaType !== "") return servedType(huge.mediaType);
  return huge.isIndex ? ociImageIndex : ociImageManifest;
}

/** `isStoredManifest` for manifests of any size. */
export async function isStoredManifestInTurns(bytes: Uint8Array): Promise<boolean> {
  const huge = await readHugeManifest(bytes);
  return huge === undefined ? isStoredManifest(bytes) : huge.schemaVersion === 1 || huge.schemaVersion === 2;
}

/** A longer string is neither a digest nor a media type. */
const maxStringBytes = 1024;

class ManifestWalk {
  readonly #bytes: Uint8Array;
  readonly #named = new Set<Digest>();
  /** Of the outermost object: strings as they are, other values as the text that follows. */
  readonly #members = new Map<string, string>();
  #position = 0;
  #depth = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** False at the end. */
  advance(lengthBytes: number): boolean {
    const end = Math.min(this.#position + lengthBytes, this.#bytes.length);
    while (this.#position < end) {
      const byte = this.#bytes[this.#position];
      if (byte === quote) this.#readString();
      else {
        if (byte === openBrace || byte === openBracket) this.#depth += 1;
        if (byte === closeBrace || byte === closeBracket) this.#depth -= 1;
        this.#position += 1;
      }
    }
    return this.#position < this.#bytes.length;
  }

  #readString(): void {
    // The first letters of digests, of the wanted members, and of escapes.
    const mayCount = firstLetters.includes(this.#bytes[this.#position + 1] ?? 0);
    const text = this.#takeString(mayCount);
    const digest = text === undefined ? undefined : parseDigest(text);
    if (digest !== undefined) this.#named.add(digest);
    const after = this.#skipSpace(this.#position);
    if (this.#depth !== 1 || text === undefined || this.#bytes[after] !== colon || !wanted.includes(text)) return;
    this.#position = this.#skipSpace(after + 1);
    const isString = this.#bytes[this.#position] === quote;
    const start = this.#position;
    const value = isString ? this.#takeString(true) : decode(this.#bytes.subarray(start, start + numberBytes));
    this.#members.set(text, value ?? "");
  }

  /** The string that begins here, if it is wanted; undefined for a long or malformed one. */
  #takeString(isWanted: boolean): string | undefined {
    const start = this.#position;
    let position = start + 1;
    while (position < this.#bytes.length && this.#bytes[position] !== quote) {
      position += this.#bytes[position] === backslash ? 2 : 1;
    }
    this.#position = position + 1;
    if (!isWanted || position - start > maxStringBytes) return undefined;
    try {
      return JSON.parse(decode(this.#bytes.subarray(start, position + 1)));
    } catch {
      return undefined;
    }
  }

  #skipSpace(from: number): number {
    let position = from;
    while (spaces.includes(this.#bytes[position] ?? 0)) position += 1;
    return position;
  }

  found(): HugeManifest {
    const version = Number.parseInt(this.#members.get("schemaVersion") ?? "", 10);
    return {
      schemaVersion: Number.isNaN(version) ? undefined : version,
      mediaType: this.#members.get("mediaType"),
      isIndex: this.#members.has("manifests"),
      named: this.#named,
    };
  }
}

const wanted: readonly string[] = ["schemaVersion", "mediaType", "manifests"];
const firstLetters: readonly number[] = [..."sm\\"].map((letter) => letter.charCodeAt(0));
const numberBytes = 8;

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
