// Collecting only certain blobs, such as those that a cache has just unlinked: with a short grace, and without touching
// links, or what other collections have put into the trash.
import { errorCode } from "../../lib/system-error.ts";
import type { Digest } from "../../oci/digest.ts";
import { parseRepositoryName } from "../../oci/name.ts";
import { blobKey, repositoriesPrefix } from "../layout.ts";
import type { ManifestRules } from "../manifest-rules.ts";
import type { Unlistable } from "../repositories.ts";
import { forEachRepository, type SeenRepository } from "../seen-repositories.ts";
import type { Store } from "../store.ts";
import { keepAll } from "./prune.ts";
import { type GcRun, startRun } from "./run.ts";
import { scanRepository } from "./scan.ts";
import { purgeTrash, sweepBlob } from "./sweep.ts";

/** Which blobs, and how soon. */
export interface BlobCollection {
  readonly digests: readonly Digest[];
  /** Marks the collector's own entries in the trash. */
  readonly tag: string;
  readonly graceMs: number;
  /** Names the collector, for others that find a collection in progress. */
  readonly note: string;
}

/** What became of them. */
export interface BlobsCollected {
  readonly freedBytes: number;
  /** Those without a link that are still there because they are too young. */
  readonly left: readonly Digest[];
}

/** Frees the blobs that have no link, by the rules and in the order of `gc.ts`; or says who else is collecting. */
export async function collectBlobs(
  store: Store,
  { digests, tag, graceMs, note }: BlobCollection,
): Promise<BlobsCollected | { readonly heldBy: string }> {
  const collection = await store.garbage.collect({ note, tag });
  if ("heldBy" in collection) return collection;
  await using _held = collection;
  const run = startRun(store, { graceMs, isDryRun: false, report: () => undefined, collection });
  await store.directory.syncAll();
  const listed = await collection.condemned();
  if (listed.length === 0 && digests.length === 0) return { freedBytes: 0, left: [] };
  await markLinked(run);
  await purgeTrash(run, listed).catch((error) => {
    // Reading took longer than expected: the next run knows, and has the time.
    if (errorCode(error) !== "ETIMEDOUT") throw error;
  });
  const left: Digest[] = [];
  for (const digest of digests) {
    if (run.marked.has(digest)) continue;
    await sweepBlob(run, digest);
    if ((await store.objects.stat(blobKey(digest))) !== undefined) left.push(digest);
  }
  await collection.finish();
  return { freedBytes: run.counters.freedBytes, left };
}

/** Every link of every repository, and what manifests name; throws if a directory cannot be listed. */
export async function markLinked({ store, marked, addFinding, pace }: GcRun, rules?: ManifestRules): Promise<void> {
  const unlistable = ({ error, isLoop }: Unlistable) => {
    if (!isLoop) throw error;
  };
  const visit = async ({ prefix, seen }: SeenRepository) => {
    await pace();
    const name = parseRepositoryName(prefix.slice(repositoriesPrefix.length + 1));
    const scan = await scanRepository(store, { prefix, name, seen, pace });
    const kept = await keepAll(store, scan, { rules, pace });
    if (scan.isBusy) addFinding(`${prefix} holds a manifest whose bytes are missing, or is being written to`);
    for (const problem of [...scan.problems, ...kept.problems]) addFinding(problem);
    for (const digest of kept.marked) marked.add(digest);
  };
  await forEachRepository(store, { visit, unlistable });
}
