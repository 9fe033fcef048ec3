// What the node that fetches a blob tells those that wait for it: how far it is, and why it could not. Pure.
import { parseJsonObject } from "../lib/json-object.ts";
import type { Digest } from "../oci/digest.ts";
import { type ErrorCode, RegistryError } from "../oci/errors.ts";

/** How far a blob is. */
export interface FetchProgress {
  readonly arrivedBytes: number;
  /** Undefined if nobody knows. */
  readonly totalBytes: number | undefined;
}

/** What is told. */
export interface FetchNote extends FetchProgress {
  /** The repository that it is fetched for. */
  readonly name: string;
  /** How fast it comes; undefined if nobody can tell. */
  readonly bytesPerSecond?: number | undefined;
  /** What the upstream refused it with. */
  readonly failure?: SharedFailure | undefined;
}

/** A refusal of the upstream. */
interface SharedFailure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryAfterSeconds: number | undefined;
}

/** Answers of the upstream that hold for whoever asks it. That a node got none may be the node's fault. */
const codesForAll: readonly ErrorCode[] = ["UPSTREAM_LIMITED", "UPSTREAM_UNAVAILABLE"];
/** And those that hold for the repository. */
const codesForName: readonly ErrorCode[] = ["BLOB_UNKNOWN", "UPSTREAM_DENIED"];

/** The failure, if others may take it for theirs. */
export function sharedFailureOf(error: unknown): SharedFailure | undefined {
  if (!(error instanceof RegistryError)) return undefined;
  const { code, message, refusal } = error;
  const isShared = codesForAll.includes(code) || codesForName.includes(code);
  return isShared ? { code, message, retryAfterSeconds: refusal.retryAfterSeconds } : undefined;
}

/** The refusal that was told, for a repository that it holds for; undefined if it has to ask by itself. */
export function refusalFor(
  { name, digest }: { readonly name: string; readonly digest: Digest },
  { name: asked, failure }: FetchNote,
): RegistryError | undefined {
  if (failure === undefined) return undefined;
  const { code, message, retryAfterSeconds } = failure;
  if (!codesForAll.includes(code) && asked !== name) return undefined;
  const retrying = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
  return new RegistryError(code, { message, detail: { digest }, ...retrying });
}

/** The note as text. */
export function formatFetchNote(note: FetchNote): string {
  return JSON.stringify(note);
}

/** What is told; undefined if nobody understands it. */
export function parseFetchNote(text: string): FetchNote | undefined {
  const { name, bytesPerSecond: rate, arrivedBytes, totalBytes: total, failure } = parseJsonObject(text) ?? {};
  if (typeof name !== "string" || typeof arrivedBytes !== "number") return undefined;
  const bytesPerSecond = typeof rate === "number" ? rate : undefined;
  const totalBytes = typeof total === "number" ? total : undefined;
  return { name, bytesPerSecond, arrivedBytes, totalBytes, failure: parseFailure(failure) };
}

function parseFailure(value: unknown): SharedFailure | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { code: told, message, retryAfterSeconds: after } = value as Readonly<Record<string, unknown>>;
  const code = [...codesForAll, ...codesForName].find((each) => each === told);
  if (code === undefined || typeof message !== "string") return undefined;
  return { code, message, retryAfterSeconds: typeof after === "number" ? after : undefined };
}
