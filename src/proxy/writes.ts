// What changes a repository, where it is local: a cache is filled by its upstream alone.
import type { RepositoryName } from "../oci/name.ts";
import { refusePush } from "../registry/cached.ts";
import type { Registry } from "../registry/registry.ts";

/** The facets of a local registry, of which writes to cached repositories are refused with a sentence. */
export function guardWrites(
  local: Registry,
  upstreamOf: (name: RepositoryName) => string | undefined,
): Pick<Registry, "blobs" | "manifests" | "tags" | "uploads"> {
  const { blobs, manifests, tags, uploads } = local;
  const guard = async (name: RepositoryName) => {
    const upstream = upstreamOf(name);
    if (upstream !== undefined) refusePush(name, upstream);
  };
  return {
    blobs: {
      ...blobs,
      mount: async (name, source) => guard(name).then(() => blobs.mount(name, source)),
      delete: async (name, digest) => guard(name).then(() => blobs.delete(name, digest)),
    },
    manifests: {
      ...manifests,
      put: async (name, put) => guard(name).then(() => manifests.put(name, put)),
      delete: async (name, digest) => guard(name).then(() => manifests.delete(name, digest)),
    },
    tags: {
      ...tags,
      delete: async (name, tag) => guard(name).then(() => tags.delete(name, tag)),
    },
    uploads: {
      start: async (name, algorithm) => guard(name).then(() => uploads.start(name, algorithm)),
      size: async (target) => guard(target.name).then(() => uploads.size(target)),
      append: async (target, chunk) => guard(target.name).then(() => uploads.append(target, chunk)),
      commit: async (target, last, digest) => guard(target.name).then(() => uploads.commit(target, last, digest)),
      cancel: async (target) => guard(target.name).then(() => uploads.cancel(target)),
    },
  };
}
