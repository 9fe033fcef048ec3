// JSON that every reader understands alike: no duplicate keys (readers differ on which one counts), bounded depth.

/** What a strict parse refuses. */
export interface JsonLimits {
  readonly maxDepth: number;
}

/** The value, or a sentence that says why the text is refused. */
export type JsonResult = { readonly value: unknown } | { readonly problem: string };

/** Decodes UTF-8 and parses JSON; refuses invalid UTF-8, a byte order mark, duplicate keys and excessive depth. */
export function parseStrictJson(bytes: Uint8Array, limits: JsonLimits): JsonResult {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return { problem: "the text is not valid UTF-8" };
  }
  const tooDeep = findExcessiveDepth(text, limits.maxDepth);
  if (tooDeep) return { problem: `objects and arrays are nested more than ${limits.maxDepth} deep` };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { problem: "the text is not valid JSON" };
  }
  const duplicate = findDuplicateKey(text);
  return duplicate === undefined
    ? { value }
    : { problem: `the key ${JSON.stringify(duplicate)} stands twice in one object` };
}

/**
 * The first key that Go's decoder takes for one of the known keys though it is spelt otherwise: it folds case, and the
 * long s and the Kelvin sign with it. Go programs would read another value than we do.
 */
export function findFoldedKey(
  value: Readonly<Record<string, unknown>>,
  known: ReadonlyMap<string, string>,
): string | undefined {
  return Object.keys(value).find((key) => (known.get(foldCase(key)) ?? key) !== key);
}

/** Known keys, to be looked for in any case by `findFoldedKey`. */
export function foldKeys(keys: readonly string[]): ReadonlyMap<string, string> {
  return new Map(keys.map((key) => [foldCase(key), key]));
}

function foldCase(text: string): string {
  return text.toUpperCase().toLowerCase();
}

/** The position after the string that starts at `start`, where text[start] is its opening quote. */
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

/** Looked at before JSON.parse, which recurses. */
function findExcessiveDepth(text: string, maxDepth: number): boolean {
  let depth = 0;
  for (let position = 0; position < text.length; position += 1) {
    const character = text[position];
    if (character === '"') position = skipString(text, position) - 1;
    else if (character === "{" || character === "[") depth += 1;
    else if (character === "}" || character === "]") depth -= 1;
    if (depth > maxDepth) return true;
  }
  return false;
}

/** The first key that stands twice in one object of a text that is known to be valid JSON. */
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
        const key = JSON.parse(text.slice(position, end)) as string;
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
