// What a removal will free: blobs that nothing else in the repository needs and no other repository holds.
import { inTurns } from "../../lib/pacer.ts";
import type { Digest } from "../../oci/digest.ts";
import { parseRepositoryName, type RepositoryName } from "../../oci/name.ts";
import type { Key } from "../../storage/ports.ts";
import type { RepositoryScan } from "../gc/scan.ts";
import { blobKey, linkPrefixes, linksOf, repositoriesPrefix } from "../layout.ts";
import { listDigests } from "../links.ts";
import { type CollectorSchedule, type FreeTime, joinTimes, whenFree } from "../reading/collector-schedule.ts";
import type { Amount } from "../reading/usage.ts";
import { walkPrefixes } from "../repositories.ts";
import type { Store } from "../store.ts";

/** What becomes of the bytes of what goes. */
export interface FreedSpace {
  readonly freed: Amount;
  /** Needed by what stays, here or in other repositories. */
  readonly shared: Amount;
  /** When the first of it is free, and when all of it is; undefined where nothing is, or nobody knows. */
  readonly free: FreeTime | undefined;
}

/** How to predict it. */
export interface FreedSpaceOptions {
  readonly schedule: CollectorSchedule;
  /** Other repositories that are looked at; absent: all. */
  readonly isVisible?: ((name: RepositoryName) => boolean) | undefined;
  readonly signal?: AbortSignal | undefined;
}

interface PredictedDeletion {
  readonly name: RepositoryName;
  readonly scan: RepositoryScan;
  readonly gone: ReadonlySet<Digest>;
}

/** Predicts it, without a lock. */
export async function predictFreed(
  store: Store,
  deletion: PredictedDeletion,
  options: FreedSpaceOptions,
): Promise<FreedSpace> {
  const { scan, name } = deletion;
  const { leaving, free } = await findLeaving(deletion);
  await removeHeldElsewhere(store, free, { ...options, except: name });
  const freed = { count: 0, sizeBytes: 0 };
  const shared = { count: 0, sizeBytes: 0 };
  let time: FreeTime | undefined;
  for (const digest of leaving) {
    options.signal?.throwIfAborted();
    const stat = await store.objects.stat(blobKey(digest)).catch(() => undefined);
    if (stat === undefined) continue;
    const amount = free.has(digest) ? freed : shared;
    amount.count += 1;
    amount.sizeBytes += stat.sizeBytes;
    if (amount === shared) continue;
    const touchedMs = Math.max(stat.changedMs, scan.layers.get(digest) ?? 0);
    time = joinTimes(time, whenFree(touchedMs, options.schedule, store.now()));
  }
  return { freed, shared, free: time };
}

/** What leaves the repository, and what of it no other manifest there needs. */
async function findLeaving({ scan, gone }: PredictedDeletion): Promise<Record<"leaving" | "free", Set<Digest>>> {
  const [leaving, free] = [new Set<Digest>(), new Set<Digest>()];
  for await (const digest of inTurns(gone)) {
    for await (const each of inTurns([digest, ...(scan.revisions.get(digest)?.named ?? [])])) {
      // What a manifest names and the repository does not hold is not its own to tell, nor to free.
      if (!scan.layers.has(each) && !scan.revisions.has(each)) continue;
      leaving.add(each);
      free.add(each);
    }
  }
  for await (const { digest, named } of inTurns(scan.revisions.values())) {
    if (gone.has(digest)) continue;
    free.delete(digest);
    for await (const each of inTurns(named)) free.delete(each);
  }
  return { leaving, free };
}

/** Of so few digests each is looked for; of more, all links are listed. */
const fewDigests = 20;

/** Also repositories without a manifest: a push begins with its blobs. */
async function removeHeldElsewhere(
  store: Store,
  digests: Set<Digest>,
  { except, isVisible, signal }: FreedSpaceOptions & { readonly except: RepositoryName },
): Promise<void> {
  for await (const prefix of walkPrefixes(store, repositoriesPrefix, () => {})) {
    signal?.throwIfAborted();
    if (digests.size === 0) return;
    const name = parseRepositoryName(prefix.slice(repositoriesPrefix.length + 1));
    if (name === except || (name !== undefined && isVisible?.(name) === false)) continue;
    // What cannot be read may hold anything of it; a collection then takes nothing.
    await (digests.size <= fewDigests ? removeLooked : removeListed)(store, digests, prefix).catch(() => {});
  }
}

async function removeLooked(store: Store, digests: Set<Digest>, prefix: Key): Promise<void> {
  for (const digest of digests) {
    for (const link of linksOf(prefix, digest)) {
      if ((await store.objects.stat(link)) !== undefined) digests.delete(digest);
    }
  }
}

async function removeListed(store: Store, digests: Set<Digest>, prefix: Key): Promise<void> {
  const { layers, revisions } = linkPrefixes(prefix);
  for (const place of [layers, revisions]) {
    for await (const digest of listDigests(store, place)) digests.delete(digest);
  }
}
