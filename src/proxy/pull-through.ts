// The registry that answers for other registries too: a repository is the local one, or a cache that fills as clients ask.
import type { RepositoryName } from "../oci/name.ts";
import type { BlobSizes } from "../registry/blob-sizes.ts";
import { refusePush } from "../registry/cached.ts";
import type { Registry } from "../registry/registry.ts";
import type { Repository } from "../registry/repository.ts";
import type { Store } from "../registry/store.ts";
import { CachedBlobs, type CachedRepository } from "./blobs.ts";
import { Downloads } from "./downloads.ts";
import type { Report } from "./events.ts";
import { CachedListings } from "./listings.ts";
import { CachedManifests } from "./manifests.ts";
import { findNamespaced, findUpstream, type Routes } from "./routing.ts";
import type { TurnTimes } from "./turn-times.ts";
import type { Upstream } from "./upstream.ts";

/** How the cache behaves. */
export interface PullThroughOptions {
  readonly routes: Routes<Upstream>;
  /** How long the answer about a tag is trusted before upstream is asked again. */
  readonly freshMs: number;
  /** How long a download continues without a client. */
  readonly abandonMs: number;
  /** How long another process's download may stall. */
  readonly patienceMs: number;
  /** How long nodes on one bucket wait for each other's. */
  readonly turnTimes: TurnTimes;
  /** Larger blobs are not cached. */
  readonly maxBytes: number;
  /** A use is not recorded again within this time of the last one. */
  readonly useStepMs: number;
  /** The sizes that manifests give, shared with the local registry. */
  readonly sizes: BlobSizes;
  readonly report: Report;
}

/** A registry with caches of other registries in it. */
export interface PullThrough extends Registry {
  /** The repository here for what the registry `ns` calls `name`; undefined if that registry is not cached. */
  findNamespaced(ns: string, name: RepositoryName): RepositoryName | undefined;
  /** Whether the repository is cached from an upstream, by the configuration. */
  isCached(name: RepositoryName): boolean;
}

/** Puts the caches in front of a local registry. */
export function openPullThrough(local: Registry, store: Store, options: PullThroughOptions): PullThrough {
  const { routes, report } = options;
  const shared = { ...options, store };
  const downloads = new Downloads(shared);
  const manifests = new CachedManifests(shared);
  const listings = new CachedListings({ report, manifests });
  const open = (cached: CachedRepository): Repository =>
    pullingRepository(cached, { blobs: new CachedBlobs(cached, { ...shared, downloads }), manifests, listings });
  return {
    findNamespaced: (ns, name) => findNamespaced(routes, { ns, name }),
    isCached: (name) => findUpstream(routes, name) !== undefined,
    repository: (name, actor) => {
      const found = findUpstream(routes, name);
      const own = local.repository(name, actor);
      return found === undefined ? own : open({ ...found, name, local: own });
    },
    list: local.list,
    checkReady: local.checkReady,
  };
}

/** Where a cached repository's contents come from. */
interface CachedContents {
  readonly blobs: CachedBlobs;
  readonly manifests: CachedManifests;
  readonly listings: CachedListings;
}

/** Reads fill the cache; only its upstream writes to it. */
function pullingRepository(cached: CachedRepository, { blobs, manifests, listings }: CachedContents): Repository {
  const { name, upstream } = cached;
  const refuse = async () => refusePush(name, upstream.url.href);
  return {
    name,
    blobs: {
      open: blobs.open.bind(blobs),
      promise: blobs.promise.bind(blobs),
      mount: refuse,
      delete: refuse,
    },
    uploads: { start: refuse, size: refuse, append: refuse, commit: refuse, cancel: refuse },
    manifests: {
      get: (reference) => manifests.get(cached, reference),
      promise: (reference) => manifests.get(cached, reference),
      put: refuse,
      delete: refuse,
    },
    tags: { list: (page) => listings.tags(cached, page), delete: refuse },
    referrers: { list: (request) => listings.referrers(cached, request) },
    deletions: { plan: refuse, carryOut: refuse },
  };
}
