// JSON that all readers understand alike: no duplicate keys (readers differ on which one counts), bounded depth.
import { type JsonLimits, JsonMeter } from "./json-shape.ts";
import { stepAside } from "./pacer.ts";

/** Of a key, in a sentence. */
const maxShownLength = 100;

/** The value, or a sentence about why the text is refused. */
export type JsonResult = { readonly value: unknown } | { readonly problem: string };

/** Decodes UTF-8 and parses JSON; refuses invalid UTF-8, a byte order mark, duplicate keys and what exceeds a limit. */
export function parseStrictJson(bytes: Uint8Array, limits: JsonLimits): JsonResult {
  const steps = parseSteps(bytes, limits, bytes.length);
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

const sliceBytes = 64 * 1024;
const longStepMs = 10;

/** The same for long texts, in several turns of the event loop. */
export async function parseStrictJsonInTurns(bytes: Uint8Array, limits: JsonLimits): Promise<JsonResult> {
  const steps = parseSteps(bytes, limits, sliceBytes);
  // Metering is quick; what follows is not.
  for (let expectedMs = 0; ; ) {
    await stepAside(expectedMs);
    const { done, value } = steps.next();
    if (done === true) return value;
    expectedMs = value;
  }
}

/** Yields, before each step, how long the limits let it take, in milliseconds. */
function* parseSteps(bytes: Uint8Array, limits: JsonLimits, meteredBytes: number): Generator<number, JsonResult> {
  // Before anything that takes long, and before JSON.parse, which recurses.
  const meter = new JsonMeter(bytes, limits);
  for (let end = meter.advance(meteredBytes); end !== "done"; end = meter.advance(meteredBytes)) {
    if (typeof end === "object") return end;
    yield 0;
  }
  yield longStepMs;
  const text = decodeUtf8(bytes);
  if (text === undefined) return { problem: "the text is not valid UTF-8" };
  yield longStepMs;
  const parsed = parseText(text);
  if (parsed === undefined) return { problem: "the text is not valid JSON" };
  yield longStepMs;
  // Of a repeated key, one is lost.
  if (countKeys(parsed.value) === meter.pairs) return parsed;
  return {
    problem: `the key ${JSON.stringify(findDuplicateKey(text)?.slice(0, maxShownLength))} is repeated in one object`,
  };
}

/** The text of bytes in UTF-8; undefined if they are not. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function parseText(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/** The keys of all objects in a value. */
function countKeys(value: unknown): number {
  let count = 0;
  const open: unknown[] = [value];
  for (let current = open.pop(); current !== undefined; current = open.pop()) {
    if (Array.isArray(current)) {
      for (const inner of current) if (typeof inner === "object") open.push(inner);
    } else if (typeof current === "object" && current !== null) {
      for (const key in current as Readonly<Record<string, unknown>>) {
        count += 1;
        const inner = (current as Readonly<Record<string, unknown>>)[key];
        if (typeof inner === "object") open.push(inner);
      }
    }
  }
  return count;
}

/**
 * The first key that Go's decoder takes for a known key although it is spelled differently: it folds case, including
 * the long s and the Kelvin sign. Go programs would read a different value than we do.
 */
export function findFoldedKey(
  value: Readonly<Record<string, unknown>>,
  known: ReadonlyMap<string, string>,
): string | undefined {
  return Object.keys(value).find((key) => known.get(key) !== key && (known.get(foldCase(key)) ?? key) !== key);
}

/** Known keys for `findFoldedKey`, folded and as they are, since folding takes time. */
export function foldKeys(keys: readonly string[]): ReadonlyMap<string, string> {
  return new Map([...keys, ...keys.map(foldCase)].map((key, index) => [key, keys[index % keys.length] ?? key]));
}

function foldCase(text: string): string {
  return text.toUpperCase().toLowerCase();
}

/** The position after the string whose opening quote is text[start]. */
function skipString(text: string, start: number): number {
  let position = start + 1;
  for (;;) {
    const quote = text.indexOf('"', position);
    if (quote === -1) return text.length;
    let backslashes = 0;
    while (text[quote - 1 - backslashes] === "\\") backslashes += 1;
    if (backslashes % 2 === 0) return quote + 1;
    position = quote + 1;
  }
}

/** The first key that an object repeats, in a text known to be valid JSON. */
function findDuplicateKey(text: string): string | undefined {
  // One entry for each open bracket: the keys of an object, undefined for an array.
  const open: (Set<string> | undefined)[] = [];
  for (let position = 0; position < text.length; position += 1) {
    const character = text[position];
    if (character === "{") open.push(new Set());
    else if (character === "[") open.push(undefined);
    else if (character === "}" || character === "]") open.pop();
    else if (character === '"') {
      const end = skipString(text, position);
      const keys = open.at(-1);
      if (keys !== undefined && isFollowedByColon(text, end)) {
        const written = text.slice(position + 1, end - 1);
        const key = written.includes("\\") ? (JSON.parse(`"${written}"`) as string) : written;
        if (keys.has(key)) return key;
        keys.add(key);
      }
      position = end - 1;
    }
  }
  return undefined;
}

function isFollowedByColon(text: string, start: number): boolean {
  let position = start;
  while (" \t\r\n".includes(text[position] ?? "x")) position += 1;
  return text[position] === ":";
}
