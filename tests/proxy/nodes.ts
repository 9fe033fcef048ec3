// Nodes on one bucket in memory, each with a cache in front of the same upstream.
import type { BlobSource } from "../../src/client/receive.ts";
import type { Digest } from "../../src/oci/digest.ts";
import type { ProxyEvent } from "../../src/proxy/events.ts";
import type { TurnTimes } from "../../src/proxy/turn-times.ts";
import { anonymous } from "../../src/registry/actor.ts";
import { transferKey } from "../../src/registry/layout.ts";
import type { Store } from "../../src/registry/store.ts";
import type { NodeClaims } from "../../src/storage/claims.ts";
import { openBucket } from "../storage/s3/bucket.ts";
import { openNode } from "../storage/s3/bucket-store.ts";
import { Engine } from "../storage/s3/engine.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { bytesOf, type CachingOptions, cacheOn, named } from "./caching.ts";
import type { MisbehavingUpstream } from "./misbehaving-upstream.ts";

/** One node. */
export interface CacheNode {
  readonly store: Store;
  readonly claims: NodeClaims;
  readonly events: ProxyEvent[];
  /** Pulls the blob; its bytes. */
  pull(digest: Digest, repository?: string): Promise<Uint8Array>;
}

/** The nodes, and what they share. */
export interface CacheNodes extends Disposable {
  readonly engine: Engine;
  readonly nodes: readonly CacheNode[];
  /** Where a blob's claim lies. */
  claimKey(digest: Digest): string;
  /** How often a node has looked who has the claim. */
  looks(digest: Digest): number;
}

/** Short pauses, for tests that do not wait. */
const turnTimes: TurnTimes = { waitMs: 60_000, firstPauseMs: 1, longestPauseMs: 5, quietMs: 60_000 };

/** Opens them. */
export function openCacheNodes(
  upstream: MisbehavingUpstream,
  { count, ...options }: { readonly count: number; readonly turnTimes?: Partial<TurnTimes> } & CachingOptions,
): CacheNodes {
  const engine = new Engine();
  const scratches = Array.from({ length: count }, () => temporaryDirectory({ isInMemory: true }));
  const nodes = scratches.map(({ path: scratch }, index): CacheNode => {
    const driver = openNode(openBucket({ engine }).objects, { scratch, holder: `node ${index + 1}` });
    if (driver.claims === undefined) throw new Error("a bucket without claims");
    const store = { ...driver, now: () => engine.nowMs, uuid: () => crypto.randomUUID() };
    const cache = { turnTimes: { ...turnTimes, ...options.turnTimes }, ...options.cache };
    const opened = cacheOn(store, upstream, { ...options, cache });
    const pull = async (digest: Digest, repository = "team/app") =>
      await bytesOf(await opened.cache.repository(named(repository), anonymous()).blobs.open(digest));
    return { store, claims: driver.claims, events: opened.events, pull };
  });
  const claimKey = (digest: Digest) =>
    transferKey({ digest, upstream: upstream.url.href } satisfies Partial<BlobSource>);
  return {
    engine,
    nodes,
    claimKey,
    looks: (digest) => engine.requests.filter(({ method, key }) => method === "GET" && key === claimKey(digest)).length,
    [Symbol.dispose]: () => {
      for (const scratch of scratches) scratch[Symbol.dispose]();
    },
  };
}

/** Waits until it is so. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise(setImmediate);
}
