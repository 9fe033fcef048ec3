// A blob of another registry, opened from an offset on.
import type { Digest } from "../oci/digest.ts";
import { RegistryError } from "../oci/errors.ts";
import type { RepositoryName } from "../oci/name.ts";
import type { BlobPart } from "./receive.ts";
import type { RegistryClient } from "./registry-client.ts";
import { parseLength, parsePartRange } from "./upstream-answer.ts";
import { pullScope } from "./upstream-token.ts";

/** Which part, and how patiently. */
export interface BlobPartRequest {
  readonly name: RepositoryName;
  readonly digest: Digest;
  readonly offset: number;
  readonly signal: AbortSignal;
  /** Between two chunks. */
  readonly stallMs: number;
}

/** Asks for the part; undefined where the registry does not have the blob. */
export async function openBlobPart(client: RegistryClient, request: BlobPartRequest): Promise<BlobPart | undefined> {
  const { name, digest, offset, signal, stallMs } = request;
  const headers: Record<string, string> = offset > 0 ? { Range: `bytes=${offset}-` } : {};
  const path = `${name}/blobs/${digest}`;
  const answer = await client.find({ method: "GET", path, scopes: pullScope(name), headers, signal });
  if (answer === undefined) return undefined;
  const isPart = answer.status === 206;
  const range = isPart ? parsePartRange(answer.headers.get("content-range")) : undefined;
  if (isPart && range?.startBytes !== offset) {
    answer.cancel();
    throw new RegistryError("UPSTREAM_INVALID", { message: `${client.host} sent another range than was asked for` });
  }
  const totalBytes = range === undefined ? parseLength(answer.headers.get("content-length")) : range.totalBytes;
  return { startBytes: range?.startBytes ?? 0, totalBytes, chunks: answer.chunks(stallMs) };
}
