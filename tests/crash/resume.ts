// What a client does after a registry came back: it goes on with its uploads, or begins them again.
import { digestOf } from "../e2e/image.ts";
import type { Client, Served } from "./client.ts";
import type { Expectations } from "./expectations.ts";
import { askUpload } from "./outcome.ts";

/**
 * Goes on with every session; the differences. `mayVanish`: sessions need not survive a power cut. After a kill one is
 * gone only when its last request was sent.
 */
export async function resumeUploads(
  registry: Served,
  client: Client,
  { seen, mayVanish }: { readonly seen: Expectations; readonly mayVanish: boolean },
): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const upload of [...seen.uploads.values()]) {
    const { name, location, bytes, isEnding } = upload;
    const sizeBytes = await askUpload(registry, upload);
    if (sizeBytes === undefined) {
      seen.ended(location);
      if (!isEnding && !mayVanish) problems.push(`${location} is gone`);
    } else if (sizeBytes > bytes.length) problems.push(`${location} has ${sizeBytes} bytes`);
    else if (mayVanish) {
      // A power cut may leave zeros where bytes were not yet written: the digest decides, and never a wrong blob.
      seen.ended(location);
    } else await client.endUpload({ name, location, digest: digestOf(bytes) }, bytes.slice(sizeBytes));
  }
  return problems;
}
