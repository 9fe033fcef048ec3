// The registry that answers for other registries too: the same facets as the local one, which it fills as clients ask.
import type { RepositoryName } from "../oci/name.ts";
import type { Registry } from "../registry/registry.ts";
import type { Store } from "../registry/store.ts";
import { CachedBlobs, type CachedRepository } from "./blobs.ts";
import type { Report } from "./events.ts";
import { CachedListings } from "./listings.ts";
import { CachedManifests } from "./manifests.ts";
import { NamedSizes } from "./named-sizes.ts";
import { findNamespaced, findRoute, type Routes } from "./routing.ts";
import type { Upstream } from "./upstream.ts";
import { guardWrites } from "./writes.ts";

/** How the cache behaves. */
export interface PullThroughOptions {
  readonly routes: Routes<Upstream>;
  /** How long a tag's answer is believed before upstream is asked again. */
  readonly freshMs: number;
  /** How long a transfer goes on without a client. */
  readonly abandonMs: number;
  /** How long another process's transfer may rest. */
  readonly patienceMs: number;
  /** What is larger is not cached. */
  readonly maxBytes: number;
  /** A use within this time of the last one is not noted again. */
  readonly useStepMs: number;
  readonly report: Report;
}

/** A registry with caches in it. */
export interface PullThrough extends Registry {
  /** The repository here for what the registry `ns` calls `name`; undefined where that registry is not cached. */
  findNamespaced(ns: string, name: RepositoryName): RepositoryName | undefined;
  /** Whether the repository is cached from an upstream, by the configuration. */
  isCached(name: RepositoryName): boolean;
}

/** Puts the caches in front of a local registry. */
export function openPullThrough(local: Registry, store: Store, options: PullThroughOptions): PullThrough {
  const { routes } = options;
  const sizes = new NamedSizes();
  const means = { ...options, local, store, sizes };
  const blobs = new CachedBlobs(means);
  const manifests = new CachedManifests(means);
  const find = (name: RepositoryName): CachedRepository | undefined => {
    const route = findRoute(routes, name);
    return route === undefined ? undefined : { name, route };
  };
  const getManifest: Registry["manifests"]["get"] = async (name, reference) => {
    const cached = find(name);
    return cached === undefined ? local.manifests.get(name, reference) : manifests.get(cached, reference);
  };
  const listings = new CachedListings({ local, report: options.report, getManifest });
  const guarded = guardWrites(local, (name) => find(name)?.route.upstream.url.href);
  return {
    findNamespaced: (ns, name) => findNamespaced(routes, { ns, name }),
    isCached: (name) => find(name) !== undefined,
    blobs: {
      ...guarded.blobs,
      open: async (name, digest) => {
        const cached = find(name);
        return cached === undefined ? local.blobs.open(name, digest) : blobs.open(cached, digest);
      },
      promise: async (name, digest) => {
        const cached = find(name);
        return cached === undefined ? local.blobs.promise(name, digest) : blobs.promise(cached, digest);
      },
    },
    manifests: {
      ...guarded.manifests,
      get: getManifest,
      promise: async (name, reference) =>
        find(name) === undefined ? local.manifests.promise(name, reference) : getManifest(name, reference),
    },
    tags: {
      ...guarded.tags,
      list: async (name, page) => {
        const cached = find(name);
        return cached === undefined ? local.tags.list(name, page) : listings.tags(cached, page);
      },
    },
    referrers: {
      list: async (name, request) => {
        const cached = find(name);
        return cached === undefined ? local.referrers.list(name, request) : listings.referrers(cached, request);
      },
    },
    uploads: guarded.uploads,
    repositories: local.repositories,
    checkReady: local.checkReady,
  };
}
