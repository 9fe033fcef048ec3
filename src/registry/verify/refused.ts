// What is left of a push that was refused or killed between the link of its manifest and the look at the bytes: a link
// that was acknowledged to nobody.
import type { Digest } from "../../oci/digest.ts";
import { blobKey } from "../layout.ts";
import { listReferrerEntries } from "../referrer-index.ts";
import { addFinding, type FollowedLink, type RepositoryCheck } from "./links.ts";

/**
 * Finds that the link of a manifest leads to bytes which are nowhere, although nothing that a push writes after its look
 * at them is there: no tag leads to it or ever did, no index names it, and it is among no referrers. False if it may
 * have been acknowledged, or if its bytes were damaged and moved away.
 */
export async function findRefused(check: RepositoryCheck, link: FollowedLink): Promise<boolean> {
  const { key, digest, bytes, isReadable } = link;
  if (check.isCached || !isReadable || bytes !== undefined) return false;
  if ((await isReferrer(check, digest)) || (await isQuarantined(check, digest))) return false;
  addFinding(check, {
    severity: "repairable",
    subject: key,
    problem: `the bytes of ${digest} are missing, and nothing here leads to it: an interrupted push left the link`,
    repair: { kind: "unlink", name: check.name, key, digest },
  });
  return true;
}

async function isReferrer({ store, name }: RepositoryCheck, digest: Digest): Promise<boolean> {
  for await (const entry of listReferrerEntries(store, name)) if (entry.digest === digest) return true;
  return false;
}

async function isQuarantined({ store }: RepositoryCheck, digest: Digest): Promise<boolean> {
  return (await store.garbage.list()).some(({ content }) => content === blobKey(digest));
}
