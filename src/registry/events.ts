// What callers did to repositories, told before they are answered: for the audit log.
import type { RepositoryName } from "../oci/name.ts";
import type { Actor } from "./actor.ts";
import type { DeletedBlob } from "./blobs.ts";
import type { DeletedManifest, DeletedTag } from "./manifest-deletions.ts";
import type { PushedManifest } from "./manifest-push.ts";
import type { Registry } from "./registry.ts";
import type { Repository } from "./repository.ts";

/** What was done. Uploads and mounts of blobs are not told: nothing can be pulled before a manifest names it. */
export type Deed =
  | ({ readonly kind: "manifest pushed" } & PushedManifest)
  | ({ readonly kind: "manifest deleted" } & DeletedManifest)
  | ({ readonly kind: "tag deleted" } & DeletedTag)
  | ({ readonly kind: "blob deleted" } & DeletedBlob);

/** What was done, by whom and where. */
export interface RegistryEvent {
  readonly actor: Actor;
  readonly repository: RepositoryName;
  readonly deed: Deed;
}

/** The same registry, which reports what is done; whoever asked for it is answered when the report is taken. */
export function withEvents(registry: Registry, report: (event: RegistryEvent) => Promise<void>): Registry {
  return {
    list: (request) => registry.list(request),
    checkReady: () => registry.checkReady(),
    repository: (name, actor) =>
      reporting(registry.repository(name, actor), (deed) => report({ actor, repository: name, deed })),
  };
}

function reporting(repository: Repository, report: (deed: Deed) => Promise<void>): Repository {
  const { blobs, manifests, tags } = repository;
  return {
    ...repository,
    blobs: {
      ...blobs,
      delete: async (digest) => {
        const deleted = await blobs.delete(digest);
        await report({ kind: "blob deleted", ...deleted });
        return deleted;
      },
    },
    manifests: {
      ...manifests,
      put: async (put) => {
        const pushed = await manifests.put(put);
        await report({ kind: "manifest pushed", ...pushed });
        return pushed;
      },
      delete: async (digest) => {
        const deleted = await manifests.delete(digest);
        await report({ kind: "manifest deleted", ...deleted });
        return deleted;
      },
    },
    tags: {
      ...tags,
      delete: async (tag) => {
        const deleted = await tags.delete(tag);
        await report({ kind: "tag deleted", ...deleted });
        return deleted;
      },
    },
  };
}
