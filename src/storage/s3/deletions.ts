// Many deletions with one request.
import type { Expiry } from "./bucket-objects.ts";
import type { S3Client } from "./client.ts";
import { childrenOf, escapeXml, textOf } from "./xml.ts";

/** As many as a store takes at once. */
export const maxDeletions = 1000;

/** A key that was not deleted, and why. */
export interface RefusedDeletion {
  readonly key: string;
  readonly reason: string;
}

/**
 * Deletes at most a thousand objects, whether or not they are there; returns which ones were refused. With `expiring` the
 * request is sent once.
 */
export async function deleteMany(
  client: S3Client,
  keys: readonly string[],
  { expiring }: { readonly expiring?: Expiry } = {},
): Promise<readonly RefusedDeletion[]> {
  if (keys.length > maxDeletions) throw new RangeError(`${keys.length} deletions at once`);
  if (keys.length === 0) return [];
  const root = client.options.bucket.prefix;
  const objects = keys.map((key) => `<Object><Key>${escapeXml(root + key)}</Key></Object>`).join("");
  const body = new TextEncoder().encode(
    `<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Quiet>true</Quiet>${objects}</Delete>`,
  );
  // Asked for by every store, with either kind of signature.
  const headers = { "content-md5": new Bun.CryptoHasher("md5").update(body).digest("base64") };
  const request = { method: "POST", key: "", query: { delete: "" }, headers, body, expiring } as const;
  const { root: answer } = await client.askXml(request, { isOnce: expiring !== undefined });
  return childrenOf(answer, "Error").map((error) => ({
    key: (textOf(error, "Key") ?? "").slice(root.length),
    reason: textOf(error, "Code") ?? "",
  }));
}
