// Fields of documents that strangers wrote: each is what it should be, or is not there.

/** A document whose fields may be anything. */
export type JsonFields = Readonly<Record<string, unknown>>;

/** The object that the text says; undefined if it is none. */
export function parseFields(text: string): JsonFields | undefined {
  try {
    return fieldsOf(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** The value, if it is an object. */
export function fieldsOf(value: unknown): JsonFields | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonFields) : undefined;
}

/** The value, if it is a list; else an empty one. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The texts of a list. */
export function textsOf(value: unknown): readonly string[] {
  return listOf(value).filter((each) => typeof each === "string");
}

/** The value, if it is a text with something in it. */
export function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** The value, if it is a number that can be a size. */
export function sizeOf(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : 0;
}

/** The names and texts of an object, in its order. */
export function pairsOf(value: unknown): readonly (readonly [string, string])[] {
  return Object.entries(fieldsOf(value) ?? {}).flatMap(([name, each]) =>
    typeof each === "string" ? [[name, each] as const] : [],
  );
}
