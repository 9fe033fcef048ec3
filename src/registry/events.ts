// What callers did to repositories, reported before they are answered: for the audit log, and for webhooks.
import type { Digest } from "../oci/digest.ts";
import type { RepositoryName } from "../oci/name.ts";
import type { Reference } from "../oci/reference.ts";
import type { Actor } from "./actor.ts";
import type { AddedBlob, DeletedBlob } from "./blobs.ts";
import type { CarryOutOptions } from "./deleting/carry-out.ts";
import type { DeletedManifest, DeletedTag } from "./manifest-deletions.ts";
import type { DescribedManifest } from "./manifest-memory.ts";
import type { PushedManifest } from "./manifest-push.ts";
import type { Registry } from "./registry.ts";
import type { Repository } from "./repository.ts";

/** The bytes of a manifest, which may have to be read for that. */
type ReadManifest = () => Promise<Uint8Array>;

/** What was done. */
export type Deed =
  | ({ readonly kind: "manifest pushed"; readonly bytes: ReadManifest } & PushedManifest)
  | ({
      readonly kind: "manifest pulled";
      readonly reference: Reference;
      readonly bytes: ReadManifest;
    } & DescribedManifest)
  | ({ readonly kind: "blob pushed" } & AddedBlob)
  | ({ readonly kind: "blob mounted"; readonly from: RepositoryName | undefined } & AddedBlob)
  /** The size is not known of one that is on its way from another registry. */
  | { readonly kind: "blob pulled"; readonly digest: Digest; readonly sizeBytes: number | undefined }
  | ({ readonly kind: "manifest deleted" } & DeletedManifest)
  | ({ readonly kind: "tag deleted" } & DeletedTag)
  | ({ readonly kind: "blob deleted" } & DeletedBlob);

/** What was done, by whom and where. */
export interface RegistryEvent {
  readonly actor: Actor;
  readonly repository: RepositoryName;
  readonly deed: Deed;
}

/** The same registry, which reports what is done; callers are answered once the report is accepted. */
export function withEvents(registry: Registry, report: (event: RegistryEvent) => Promise<void>): Registry {
  return {
    list: (request) => registry.list(request),
    checkReady: () => registry.checkReady(),
    repository: (name, actor) =>
      reporting(registry.repository(name, actor), (deed) => report({ actor, repository: name, deed })),
  };
}

type ReportDeed = (deed: Deed) => Promise<void>;

function reporting(repository: Repository, report: ReportDeed): Repository {
  const { uploads, tags, deletions } = repository;
  return {
    ...repository,
    blobs: reportingBlobs(repository.blobs, report),
    uploads: {
      ...uploads,
      commit: async (id, last, digest) => {
        const added = await uploads.commit(id, last, digest);
        await report({ kind: "blob pushed", ...added });
        return added;
      },
    },
    manifests: reportingManifests(repository.manifests, report),
    deletions: {
      ...deletions,
      carryOut: (request) => deletions.carryOut({ ...request, note: noteDeleted(report, request.note) }),
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

function reportingBlobs(blobs: Repository["blobs"], report: ReportDeed): Repository["blobs"] {
  return {
    open: async (digest) => {
      const found = await blobs.open(digest);
      await report({ kind: "blob pulled", digest, sizeBytes: found.sizeBytes });
      return found;
    },
    promise: async (digest) => {
      const found = await blobs.promise(digest);
      await report({ kind: "blob pulled", digest, sizeBytes: found.sizeBytes });
      return found;
    },
    mount: async (source) => {
      const added = await blobs.mount(source);
      if (added !== undefined) await report({ kind: "blob mounted", from: source.from, ...added });
      return added;
    },
    delete: async (digest) => {
      const deleted = await blobs.delete(digest);
      await report({ kind: "blob deleted", ...deleted });
      return deleted;
    },
  };
}

function reportingManifests(manifests: Repository["manifests"], report: ReportDeed): Repository["manifests"] {
  const bytesOf = (digest: Digest) => async () => (await manifests.get({ kind: "digest", digest })).bytes;
  return {
    get: async (reference) => {
      const stored = await manifests.get(reference);
      await report({ kind: "manifest pulled", reference, ...described(stored), bytes: async () => stored.bytes });
      return stored;
    },
    promise: async (reference) => {
      const found = await manifests.promise(reference);
      await report({ kind: "manifest pulled", reference, ...described(found), bytes: bytesOf(found.digest) });
      return found;
    },
    put: async (put) => {
      const pushed = await manifests.put(put);
      await report({ kind: "manifest pushed", ...pushed, bytes: async () => put.bytes });
      return pushed;
    },
    delete: async (digest) => {
      const deleted = await manifests.delete(digest);
      await report({ kind: "manifest deleted", ...deleted });
      return deleted;
    },
  };
}

function described({ digest, mediaType, sizeBytes }: DescribedManifest): DescribedManifest {
  return { digest, mediaType, sizeBytes };
}

/** A deletion of several things is reported as one deletion for each. */
function noteDeleted(
  report: (deed: Deed) => Promise<void>,
  note: CarryOutOptions["note"],
): NonNullable<CarryOutOptions["note"]> {
  return async (gone) => {
    await report(
      gone.kind === "tag" ? { kind: "tag deleted", ...gone.deleted } : { kind: "manifest deleted", ...gone.deleted },
    );
    await note?.(gone);
  };
}
