// What a removal will free: blobs that nothing else in the repository needs and no other repository holds.
import { createPacer, inTurns } from "../../lib/pacer.ts";
import type { Digest } from "../../oci/digest.ts";
import type { RepositoryName } from "../../oci/name.ts";
import type { RepositoryScan } from "../gc/scan.ts";
import { blobKey, layersPrefix, revisionsPrefix } from "../layout.ts";
import { listDigests } from "../links.ts";
import { type CollectorSchedule, type FreeTime, joinTimes, whenFree } from "../reading/collector-schedule.ts";
import type { Amount } from "../reading/usage.ts";
import { walkRepositories } from "../repositories.ts";
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

/** Predicts it, without a lock. */
export async function predictFreed(
  store: Store,
  {
    name,
    scan,
    gone,
  }: { readonly name: RepositoryName; readonly scan: RepositoryScan; readonly gone: ReadonlySet<Digest> },
  options: FreedSpaceOptions,
): Promise<FreedSpace> {
  const { schedule, signal } = options;
  const leaving = new Set<Digest>();
  for await (const digest of inTurns(gone)) {
    leaving.add(digest);
    for await (const named of inTurns(scan.revisions.get(digest)?.named ?? [])) leaving.add(named);
  }
  const free = new Set(leaving);
  for await (const { digest, named } of inTurns(scan.revisions.values())) {
    if (gone.has(digest)) continue;
    free.delete(digest);
    for await (const each of inTurns(named)) free.delete(each);
  }
  await removeHeldElsewhere(store, free, { ...options, except: name });
  const [freed, shared] = [
    { count: 0, sizeBytes: 0 },
    { count: 0, sizeBytes: 0 },
  ];
  let time: FreeTime | undefined;
  for (const digest of leaving) {
    signal?.throwIfAborted();
    const stat = await store.objects.stat(blobKey(digest)).catch(() => undefined);
    if (stat === undefined) continue;
    const amount = free.has(digest) ? freed : shared;
    amount.count += 1;
    amount.sizeBytes += stat.sizeBytes;
    if (amount === shared) continue;
    const touchedMs = Math.max(stat.changedMs, scan.layers.get(digest) ?? 0);
    time = joinTimes(time, whenFree(touchedMs, schedule, store.now()));
  }
  return { freed, shared, free: time };
}

/** Also repositories without a manifest: a push begins with its blobs. */
async function removeHeldElsewhere(
  store: Store,
  digests: Set<Digest>,
  { except, isVisible, signal }: FreedSpaceOptions & { readonly except: RepositoryName },
): Promise<void> {
  const pace = createPacer();
  const visit = async (name: RepositoryName, prefix: string) => {
    if (name === except || isVisible?.(name) === false) return;
    // What cannot be listed may hold anything of it.
    for await (const digest of listDigests(store, prefix)) digests.delete(digest);
  };
  for (const prefixOf of [layersPrefix, revisionsPrefix]) {
    if (digests.size === 0) return;
    for await (const other of walkRepositories(store, prefixOf)) {
      signal?.throwIfAborted();
      await pace();
      await visit(other, prefixOf(other)).catch(() => {});
    }
  }
}
