// What a page says of a repository: how many tags, how much it holds, when it was last pushed to. From directories and
// `stat` alone; no manifest is read.
import { BoundedMap } from "../../lib/bounded-map.ts";
import { algorithms, type Digest } from "../../oci/digest.ts";
import type { RepositoryName } from "../../oci/name.ts";
import { parseTag } from "../../oci/reference.ts";
import type { Objects } from "../../storage/ports.ts";
import { readUpstream } from "../cached.ts";
import {
  blobKey,
  layerLink,
  layersPrefix,
  revisionLink,
  revisionsPrefix,
  tagCurrentLink,
  tagsPrefix,
} from "../layout.ts";
import { listDigests } from "../links.ts";
import type { Store } from "../store.ts";
import { readTag, readUnfinished } from "../tags.ts";
import { explainUnreadable } from "./unreadable.ts";

/** A repository in a listing. */
export interface RepositoryFacts {
  readonly name: RepositoryName;
  readonly tags: number;
  /** Manifests and blobs that it links, each once, whoever else links them too. */
  readonly sizeBytes: number;
  /** When a tag was last written, in milliseconds since 1970; in a cache, when an upstream last confirmed one. */
  readonly pushedMs: number | undefined;
  /** The registry that it is a cache of. */
  readonly upstream: string | undefined;
  /** A sentence about what cannot be read, so that the rest may be too little. */
  readonly problem: string | undefined;
}

/** Reads it, without a lock. One that cannot be read is told, and does not fail a listing. */
export async function readRepository(
  store: Store,
  name: RepositoryName,
  signal?: AbortSignal,
): Promise<RepositoryFacts> {
  const facts = { name, tags: 0, sizeBytes: 0, pushedMs: undefined, upstream: undefined, problem: undefined };
  try {
    const upstream = await readUpstream(store, name);
    const { tags, pushedMs } = await countTags(store, name, signal);
    return { ...facts, upstream, tags, pushedMs, sizeBytes: await measureLinked(store, name, signal) };
  } catch (error) {
    signal?.throwIfAborted();
    return { ...facts, problem: `it ${explainUnreadable(error)}` };
  }
}

async function countTags(store: Store, name: RepositoryName, signal: AbortSignal | undefined) {
  // Tags of a manifest whose deletion was interrupted are no tags; that is rare, and only then they are read.
  const deleted = await readUnfinished(store, name);
  let tags = 0;
  let pushedMs: number | undefined;
  for await (const text of await store.objects.names(tagsPrefix(name))) {
    signal?.throwIfAborted();
    const tag = parseTag(text);
    const stat = tag === undefined ? undefined : await store.objects.stat(tagCurrentLink(name, tag));
    if (tag === undefined || stat === undefined) continue;
    if (deleted !== undefined && (await readTag(store, name, tag)) === deleted) continue;
    tags += 1;
    pushedMs = Math.max(pushedMs ?? 0, stat.modifiedMs);
  }
  return { tags, pushedMs };
}

interface KnownSize {
  /** When each directory of links last changed. */
  readonly state: string;
  readonly sizeBytes: number;
}

const maxKnown = 20_000;
/** A directory that changed a moment ago may change once more without a new time: clocks of filesystems have ticks. */
const settledMs = 2000;
const memories = new WeakMap<Objects, BoundedMap<RepositoryName, KnownSize>>();

/** Remembered for as long as the directories of links stay as they are; a look at each replaces reading them. */
async function measureLinked(store: Store, name: RepositoryName, signal: AbortSignal | undefined): Promise<number> {
  const memory = memories.get(store.objects) ?? new BoundedMap<RepositoryName, KnownSize>(maxKnown);
  memories.set(store.objects, memory);
  const times: (number | undefined)[] = [];
  for (const prefix of [layersPrefix(name), revisionsPrefix(name)]) {
    for (const algorithm of algorithms) times.push(await store.directory.changeTime(`${prefix}/${algorithm}`));
  }
  const state = times.join(" ");
  const known = memory.get(name);
  if (known?.state === state) return known.sizeBytes;
  const isSettled = times.every((time) => time !== undefined && Math.abs(store.now() - time) > settledMs);
  const sizeBytes = await sumLinked(store, name, signal);
  if (isSettled) memory.set(name, { state, sizeBytes });
  return sizeBytes;
}

async function sumLinked(store: Store, name: RepositoryName, signal: AbortSignal | undefined): Promise<number> {
  const seen = new Set<Digest>();
  let sizeBytes = 0;
  const places = [
    { prefix: layersPrefix(name), linkOf: layerLink },
    { prefix: revisionsPrefix(name), linkOf: revisionLink },
  ];
  for (const { prefix, linkOf } of places) {
    for await (const digest of listDigests(store, prefix)) {
      signal?.throwIfAborted();
      // Other registries leave the directory of a link behind that they removed.
      if (seen.has(digest) || (await store.objects.stat(linkOf(name, digest))) === undefined) continue;
      seen.add(digest);
      sizeBytes += (await store.objects.stat(blobKey(digest)))?.sizeBytes ?? 0;
    }
  }
  return sizeBytes;
}
