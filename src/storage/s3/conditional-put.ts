// Puts that depend on what is there: the one step in which an object store decides between several writers.
import { type BucketObjects, bareEtag, type Expiry } from "./bucket-objects.ts";
import { S3Failure } from "./failure.ts";

/** What has to be there: nothing, or the object with this ETag. */
export type Expected = "nothing" | { readonly etag: string };

/** A put that depends on what is there. */
export interface ConditionalPut {
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly expected: Expected;
}

/** What came of it. */
export type ConditionalOutcome = {
  /** Whether a request of ours went unanswered: then it may still arrive, and do what it does if the condition holds. */
  readonly isOpen: boolean;
} & (
  | { readonly isPut: true; readonly etag: string; readonly dateMs: number | undefined }
  /** Something else was there; or it is now, and nobody knows whether ours was there in between. */
  | { readonly isPut: false }
);

/** How it is done. */
export interface ConditionalOptions {
  readonly expiring?: Expiry | undefined;
  /** How long the store may take to answer each time. */
  readonly patienceMs?: number | undefined;
}

const secondMs = 1000;

/**
 * Puts the object if what is there is what is expected. An answer that was lost is made up for by reading back, so bytes
 * that nobody else writes (they hold something random) tell the writer for sure whether they were its own. Of others, such
 * as links', those are its own that came since the time that the put is signed as of.
 */
export async function putConditionally(
  objects: BucketObjects,
  put: ConditionalPut,
  options: ConditionalOptions = {},
): Promise<ConditionalOutcome> {
  const { key, bytes, expected } = put;
  const headers = { ...objects.newHeaders, ...conditionOf(expected, objects) };
  const request = { method: "PUT", key, headers, body: bytes, ...options } as const;
  const startedMs = performance.now();
  // Stores tell whole seconds.
  const sinceMs = Math.floor((options.expiring?.asOfMs ?? 0) / secondMs) * secondMs;
  let isOpen = false;
  for (let attempts = 1; ; attempts += 1) {
    try {
      const answer = await objects.client.ask(request, { expected: [404, 412], isOnce: true });
      const { status, dateMs, headers: told } = answer;
      if (status !== 404 && status !== 412)
        return { isPut: true, isOpen, etag: bareEtag(told.get("etag") ?? ""), dateMs };
      // It may have met what an earlier attempt put, or what the same one did that was sent twice on the way.
      return await readBack(objects, put, { isOpen, sinceMs });
    } catch (error) {
      if (!(error instanceof S3Failure) || !isUndecided(error)) throw error;
      isOpen ||= error.isUnknown;
      if (!(await isStill(objects, key, expected))) return await readBack(objects, put, { isOpen, sinceMs });
      await objects.client.pause(error, { attempts, startedMs });
    }
  }
}

/** Losers of a race are told so in three ways: 412, 409, and by one store with a 500 that says nothing. */
function isUndecided(failure: S3Failure): boolean {
  return failure.isUnknown || failure.status === 409 || failure.status === 429;
}

async function isStill(objects: BucketObjects, key: string, expected: Expected): Promise<boolean> {
  const found = await objects.stat(key);
  return expected === "nothing" ? found === undefined : found?.etag === expected.etag;
}

/** What is there tells whose it is. */
async function readBack(
  objects: BucketObjects,
  { key, bytes }: ConditionalPut,
  { isOpen, sinceMs }: { readonly isOpen: boolean; readonly sinceMs: number },
): Promise<ConditionalOutcome> {
  const found = await objects.read(key, bytes.length);
  const isSame = found !== undefined && Buffer.from(found.bytes).equals(bytes);
  if (!isSame || found.stat.changedMs < sinceMs) return { isPut: false, isOpen };
  return { isPut: true, isOpen, etag: found.stat.etag, dateMs: undefined };
}

/** The header that says what is expected. */
export function conditionOf(
  expected: Expected,
  { isQuoted }: Pick<BucketObjects, "isQuoted">,
): Readonly<Record<string, string>> {
  if (expected === "nothing") return { "if-none-match": "*" };
  return { "if-match": isQuoted ? `"${expected.etag}"` : expected.etag };
}
