// What is known of an upload between its requests, so that any node can go on with it: a small object beside its bytes,
// replaced in one step after each request.
import type { BucketObjects } from "./bucket-objects.ts";
import { type ConditionalOutcome, type Expected, putConditionally } from "./conditional-put.ts";
import type { StoredPart } from "./multipart.ts";

/** Bytes in an object of their own, whose name is used once: what is known by it never becomes another. */
export interface KeptBytes {
  readonly key: string;
  readonly etag: string;
  readonly sizeBytes: number;
}

/** An upload between two requests. */
export interface UploadRecord {
  /** Undefined while there is no part. */
  readonly uploadId: string | undefined;
  /** What the parts become. */
  readonly dataKey: string | undefined;
  readonly parts: readonly StoredPart[];
  /** Too few for a part. */
  readonly tail: KeptBytes | undefined;
  /** All of them put together, once there are no more to come. */
  readonly sealed: KeptBytes | undefined;
  /** What was kept beside the bytes as they are. */
  readonly note: string | undefined;
  /** The keys of the small objects that it was begun with; undefined if whoever began it did not note them. */
  readonly beside: readonly string[] | undefined;
  /** Whether it is over, and only its remains are there. */
  readonly isGone: boolean;
}

/** A record that was read, and what it is replaced by. */
export interface ReadRecord {
  readonly record: UploadRecord;
  readonly etag: string;
  /** Tells it from every other record of the same upload. */
  readonly nonce: string;
  readonly changedMs: number;
}

/** Ten thousand parts take less than half of it. */
const maxRecordBytes = 4 * 1024 * 1024;

/** An upload without a byte. */
export const emptyRecord: UploadRecord = {
  uploadId: undefined,
  dataKey: undefined,
  parts: [],
  tail: undefined,
  sealed: undefined,
  note: undefined,
  beside: [],
  isGone: false,
};

/** How many bytes have arrived. */
export function sizeOf({ parts, tail, sealed }: UploadRecord): number {
  if (sealed !== undefined) return sealed.sizeBytes;
  return parts.reduce((total, part) => total + part.sizeBytes, 0) + (tail?.sizeBytes ?? 0);
}

/** The record under this key; undefined if there is none, or none that can be read. */
export async function readRecord(objects: BucketObjects, key: string): Promise<ReadRecord | undefined> {
  const found = await objects.read(key, maxRecordBytes);
  const parsed = found === undefined ? undefined : parseRecord(new TextDecoder().decode(found.bytes));
  if (found === undefined || parsed === undefined) return undefined;
  return { ...parsed, etag: found.stat.etag, changedMs: found.stat.changedMs };
}

/** Puts the record in the place of the one that was read. The nonce tells it from everybody else's. */
export async function putRecord(
  objects: BucketObjects,
  { key, expected, nonce }: { readonly key: string; readonly expected: Expected; readonly nonce: string },
  record: UploadRecord,
): Promise<ConditionalOutcome> {
  const bytes = new TextEncoder().encode(formatRecord(record, nonce));
  return await putConditionally(objects, { key, bytes, expected });
}

function formatRecord({ parts, ...rest }: UploadRecord, nonce: string): string {
  const short = parts.map(({ number, etag, sizeBytes }) => [number, etag, sizeBytes]);
  return JSON.stringify({ ...rest, parts: short, nonce });
}

function parseRecord(text: string): Pick<ReadRecord, "record" | "nonce"> | undefined {
  try {
    const { uploadId, dataKey, parts, tail, sealed, note, beside, isGone, nonce } = JSON.parse(text) as Readonly<
      Record<string, unknown>
    >;
    if (!Array.isArray(parts)) return undefined;
    const read = parts.map(([number, etag, sizeBytes]: readonly unknown[]) => ({
      number: Number(number),
      etag: String(etag),
      sizeBytes: Number(sizeBytes),
    }));
    const record = {
      uploadId: textOrNothing(uploadId),
      dataKey: textOrNothing(dataKey),
      parts: read,
      tail: parseKept(tail),
      sealed: parseKept(sealed),
      note: textOrNothing(note),
      beside: Array.isArray(beside) ? beside.map(String) : undefined,
      isGone: isGone === true,
    };
    return { record, nonce: textOrNothing(nonce) ?? "" };
  } catch {
    return undefined;
  }
}

function textOrNothing(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function parseKept(value: unknown): KeptBytes | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { key, etag, sizeBytes } = value as Readonly<Record<string, unknown>>;
  const isComplete = typeof key === "string" && typeof etag === "string" && typeof sizeBytes === "number";
  return isComplete ? { key, etag, sizeBytes } : undefined;
}
