// What takes the space: by repository its own and what others hold too; what nobody needs any more, and when that is free.
//
// Links are read twice: first to learn which blobs more than one repository holds, then repository by repository with its
// manifests. In memory are 16 bytes for each blob, and one repository at a time.
import { createPacer, inTurns, type Pace } from "../../lib/pacer.ts";
import type { Digest } from "../../oci/digest.ts";
import { parseRepositoryName, type RepositoryName } from "../../oci/name.ts";
import type { Key, Space, Stat } from "../../storage/ports.ts";
import { listBlobs } from "../blob-places.ts";
import { DigestSet } from "../digest-set.ts";
import { planPrune } from "../gc/plan.ts";
import { type RepositoryScan, scanRepository } from "../gc/scan.ts";
import { blobKey, linkPrefixes, repositoriesPrefix, upstreamKey } from "../layout.ts";
import { listDigests } from "../links.ts";
import type { Unlistable } from "../repositories.ts";
import { forEachRepository, type SeenRepository } from "../seen-repositories.ts";
import type { Store } from "../store.ts";
import { openSizes, type SizeOf } from "../stored-sizes.ts";
import { type CollectorSchedule, type FreeTime, joinTimes, whenFree, whenPurged } from "./collector-schedule.ts";
import { measureUploads, type OpenUploads } from "./open-uploads.ts";
import { explainUnreadable } from "./unreadable.ts";
import { withoutLocks } from "./without-locks.ts";

/** A number of things and their size. */
export interface Amount {
  readonly count: number;
  readonly sizeBytes: number;
}

/** What one repository takes. */
export interface RepositoryUsage {
  /** Its path, which may be no name where another program has left something. */
  readonly name: string;
  /** Everything that it links, each once. */
  readonly sizeBytes: number;
  /** Of it what no other repository links. */
  readonly ownBytes: number;
  /** Of it what no manifest of the repository needs any more. */
  readonly garbageBytes: number;
  readonly tags: number;
  readonly manifests: number;
  /** Sentences about what cannot be read: everything that it links counts as needed then. */
  readonly problems: readonly string[];
}

/** What takes the space of a store. */
export interface Usage {
  readonly computedMs: number;
  readonly space: Space;
  readonly repositories: number;
  readonly tags: number;
  readonly manifests: number;
  /** Everything stored, without the trash. */
  readonly blobs: Amount;
  /** What nobody needs and no collection has taken yet; undefined if some links cannot be read: then nothing is taken. */
  readonly waiting: Amount | undefined;
  /** What no repository that can be read links. */
  readonly unlinked: Amount;
  readonly trash: Amount;
  /** When the first of the garbage is free, and when all of it is; undefined without any, or without a schedule. */
  readonly free: FreeTime | undefined;
  readonly uploads: OpenUploads;
}

/** How to measure. */
export interface UsageRequest {
  readonly schedule: CollectorSchedule;
  /** Called for each repository, in the order of the walk. */
  readonly each?: ((usage: RepositoryUsage) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

interface Measuring extends UsageRequest {
  readonly store: Store;
  readonly pace: Pace;
  readonly sizeOf: SizeOf;
  readonly linked: DigestSet;
  /** Linked by more than one repository. */
  readonly shared: DigestSet;
  readonly needed: DigestSet;
  readonly totals: { repositories: number; tags: number; manifests: number };
  /** Of what is still linked. */
  free: FreeTime | undefined;
  /** Whether every link was listed. */
  isComplete: boolean;
}

/** Measures the store as it is, without a lock. What changes meanwhile may count or not. */
export async function measureUsage(store: Store, request: UsageRequest): Promise<Usage> {
  const measuring: Measuring = {
    ...request,
    store: withoutLocks(store),
    pace: createPacer(),
    sizeOf: await openSizes(store),
    linked: new DigestSet(),
    shared: new DigestSet(),
    needed: new DigestSet(),
    totals: { repositories: 0, tags: 0, manifests: 0 },
    free: undefined,
    isComplete: true,
  };
  await forEachPlace(measuring, (place) => noteLinks(measuring, place));
  await forEachPlace(measuring, (place) => measureRepository(measuring, place));
  const trash = await measureTrash(measuring);
  const { blobs, waiting, unlinked, free } = await measureBlobs(measuring, trash);
  return {
    computedMs: store.now(),
    space: await store.directory.space(),
    ...measuring.totals,
    blobs,
    waiting: measuring.isComplete ? waiting : undefined,
    unlinked,
    trash: trash.amount(),
    free: measuring.isComplete ? joinTimes(joinTimes(free, measuring.free), trash.free) : trash.free,
    uploads: await measureUploads(store, request.signal),
  };
}

/** A directory that cannot be listed is passed over: a collection and a check say so. */
async function forEachPlace(measuring: Measuring, work: (place: SeenRepository) => Promise<void>): Promise<void> {
  const unlistable = ({ isLoop }: Unlistable) => {
    if (!isLoop) measuring.isComplete = false;
  };
  const visit = async (place: SeenRepository) => {
    measuring.signal?.throwIfAborted();
    await measuring.pace();
    await work(place);
  };
  await forEachRepository(measuring.store, { visit, unlistable });
}

async function noteLinks(measuring: Measuring, place: SeenRepository): Promise<void> {
  const { linked, shared } = measuring;
  for await (const digest of inTurns(await listLinked(measuring, place))) {
    if (linked.has(digest)) shared.add(digest);
    else linked.add(digest);
  }
}

async function measureRepository(measuring: Measuring, place: SeenRepository): Promise<void> {
  const { store, totals, each, signal } = measuring;
  const { prefix, seen } = place;
  const path = prefix.slice(repositoriesPrefix.length + 1);
  const name = parseRepositoryName(path);
  const nothing = { name: path, sizeBytes: 0, ownBytes: 0, garbageBytes: 0, tags: 0, manifests: 0 };
  totals.repositories += 1;
  try {
    const scan = await scanRepository(store, { prefix, name, seen, pace: async () => signal?.throwIfAborted() });
    const usage = await measureScan(measuring, scan, { path, isCached: await isCached(seen, name) });
    totals.tags += usage.tags;
    totals.manifests += usage.manifests;
    each?.(usage);
  } catch (error) {
    signal?.throwIfAborted();
    await protectLinked(measuring, place);
    each?.({ ...nothing, problems: [explainUnreadable(error)] });
  }
}

async function isCached(store: Store, name: RepositoryName | undefined): Promise<boolean> {
  return name !== undefined && (await store.objects.stat(upstreamKey(name))) !== undefined;
}

/** Nobody knows what it needs, so all of it counts as needed. */
async function protectLinked(measuring: Measuring, place: SeenRepository): Promise<void> {
  for (const digest of await listLinked(measuring, place)) measuring.needed.add(digest);
}

/** What the repository links, as far as it can be listed. */
async function listLinked(measuring: Measuring, { prefix, seen }: SeenRepository): Promise<ReadonlySet<Digest>> {
  const { layers, revisions } = linkPrefixes(prefix);
  const linked = new Set<Digest>();
  for (const place of [layers, revisions]) {
    try {
      for await (const digest of listDigests(seen, place)) linked.add(digest);
    } catch {
      measuring.signal?.throwIfAborted();
      measuring.isComplete = false;
    }
  }
  return linked;
}

async function measureScan(
  measuring: Measuring,
  scan: RepositoryScan,
  { path, isCached }: { readonly path: string; readonly isCached: boolean },
): Promise<RepositoryUsage> {
  const { store, schedule, shared, needed, sizeOf, signal } = measuring;
  // As a collection without a grace would see it: what is young counts as garbage, too.
  const sound = scan.isBusy ? { ...scan, problems: [...scan.problems, "a push is under way"] } : scan;
  const deletesUntagged = schedule.deletesUntagged && !isCached;
  const plan = await planPrune(sound, { isYoung: () => false, deletesUntagged });
  const garbage = new Set<Digest>();
  for (const some of [plan.layers, plan.revisions]) for await (const digest of inTurns(some)) garbage.add(digest);
  // A cache keeps what its upstream filled until eviction takes it.
  const isGarbage = (digest: Digest) =>
    !isCached && garbage.has(digest) && !plan.kept.has(digest) && !plan.needed.has(digest);
  const sums = { sizeBytes: 0, ownBytes: 0, garbageBytes: 0 };
  for (const digest of linkedOnce(scan)) {
    signal?.throwIfAborted();
    const sizeBytes = await sizeOf(digest);
    sums.sizeBytes += sizeBytes;
    if (!shared.has(digest)) sums.ownBytes += sizeBytes;
    if (!isGarbage(digest)) {
      needed.add(digest);
      continue;
    }
    sums.garbageBytes += sizeBytes;
    const touchedMs = scan.layers.get(digest) ?? scan.revisions.get(digest)?.changedMs ?? 0;
    measuring.free = joinTimes(measuring.free, whenFree(touchedMs, schedule, store.now()));
  }
  for (const alias of scan.aliases) needed.add(alias);
  const problems = scan.problems
    .slice(0, maxProblems)
    .map((problem) => problem.replaceAll(`${repositoriesPrefix}/`, ""));
  return { name: path, ...sums, tags: scan.tags.size, manifests: scan.revisions.size, problems };
}

const maxProblems = 100;

/** Everything that is linked, as a blob or as a manifest. */
function* linkedOnce({ layers, revisions }: RepositoryScan): Generator<Digest> {
  yield* layers.keys();
  for (const digest of revisions.keys()) if (!layers.has(digest)) yield digest;
}

async function measureBlobs({ store, linked, needed, schedule, signal, pace }: Measuring, trash: TrashUsage) {
  const [all, idle, unlinked] = [new Sum(), new Sum(), new Sum()];
  let free: FreeTime | undefined;
  for await (const place of listBlobs(store)) {
    signal?.throwIfAborted();
    await pace();
    const stat =
      "digest" in place ? await place.seen.objects.stat(blobKey(place.digest)).catch(() => undefined) : undefined;
    if (stat === undefined || !("digest" in place)) continue;
    if (trash.inPlace.has(blobKey(place.digest)) && !needed.has(place.digest)) {
      trash.add(stat, schedule, store.now());
      continue;
    }
    all.add(stat.sizeBytes);
    if (!linked.has(place.digest)) unlinked.add(stat.sizeBytes);
    if (needed.has(place.digest)) continue;
    idle.add(stat.sizeBytes);
    // If a link is left, its time decides.
    if (!linked.has(place.digest)) free = joinTimes(free, whenFree(stat.changedMs, schedule, store.now()));
  }
  return { blobs: all.amount(), waiting: idle.amount(), unlinked: unlinked.amount(), free };
}

/** What was condemned. */
class TrashUsage {
  /** What still lies with all other blobs. */
  readonly inPlace = new Set<Key>();
  readonly #sum = new Sum();
  free: FreeTime | undefined;

  add({ sizeBytes, changedMs }: Stat, schedule: CollectorSchedule, nowMs: number): void {
    this.#sum.add(sizeBytes);
    this.free = joinTimes(this.free, whenPurged(changedMs, schedule, nowMs));
  }

  amount(): Amount {
    return this.#sum.amount();
  }
}

async function measureTrash({ store, schedule, signal, pace }: Measuring): Promise<TrashUsage> {
  const usage = new TrashUsage();
  for (const entry of await store.garbage.list()) {
    signal?.throwIfAborted();
    await pace();
    if (entry.isInPlace) {
      if (entry.content !== undefined) usage.inPlace.add(entry.content);
      continue;
    }
    const stat = await store.garbage.stat(entry).catch(() => undefined);
    if (stat !== undefined) usage.add(stat, schedule, store.now());
  }
  return usage;
}

class Sum {
  #count = 0;
  #sizeBytes = 0;

  add(sizeBytes: number): void {
    this.#count += 1;
    this.#sizeBytes += sizeBytes;
  }

  amount(): Amount {
    return { count: this.#count, sizeBytes: this.#sizeBytes };
  }
}
