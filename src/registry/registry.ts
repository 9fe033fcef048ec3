// The registry as its callers see it: repositories over one store.
import type { RepositoryName } from "../oci/name.ts";
import type { Reference } from "../oci/reference.ts";
import type { Stat } from "../storage/ports.ts";
import type { Actor } from "./actor.ts";
import { BlobSizes } from "./blob-sizes.ts";
import { deleteBlob, mountBlob, openBlob, promiseBlob } from "./blobs.ts";
import { DeletionDesk } from "./deleting/deletion-desk.ts";
import type { IsImmutable } from "./immutable-tags.ts";
import { repositoriesPrefix } from "./layout.ts";
import { deleteManifest, deleteTag } from "./manifest-deletions.ts";
import { putManifest } from "./manifest-push.ts";
import type { ManifestRules } from "./manifest-rules.ts";
import { getManifest, promiseManifest } from "./manifests.ts";
import { PullTimes } from "./pulls.ts";
import type { CollectorSchedule } from "./reading/collector-schedule.ts";
import { Referrers, type ReferrersRequest } from "./referrers.ts";
import { type CatalogRequest, listRepositories, type Page } from "./repositories.ts";
import type { Blobs, Manifests, Repository, Tags, UploadSessions } from "./repository.ts";
import type { Store } from "./store.ts";
import { TagNames } from "./tag-names.ts";
import { listTags } from "./tags.ts";
import { StoreUploads } from "./uploads.ts";

/** Everything that requests can ask for. */
export interface Registry {
  /** The repository of that name, whether or not it exists, as the actor uses it. */
  repository(name: RepositoryName, actor: Actor): Repository;
  /** A page of the repositories that hold or held a manifest. */
  list(request: CatalogRequest): Promise<Page<RepositoryName>>;
  /** Throws if the store cannot be reached. */
  checkReady(): Promise<void>;
}

/** What a registry refuses beside what the spec does. */
export interface RegistryOptions {
  readonly rules: ManifestRules;
  /** Which tags are immutable; none if absent. */
  readonly isImmutable?: IsImmutable;
  /** Whether only the caller that started an upload session may use it. */
  readonly hasOwners?: () => boolean;
  /** Whether it is recorded when tags are pulled. */
  readonly recordsPulls?: boolean;
  /** Shared by everything that reads manifests of the same store. */
  readonly sizes?: BlobSizes;
  /** How garbage is collected, for plans of deletions; absent: by nobody. */
  readonly schedule?: CollectorSchedule;
}

/** The registry over a store of its own. */
export function openRegistry(store: Store, options: RegistryOptions): Registry {
  const sizes = options.sizes ?? new BlobSizes(store);
  const uploads = new StoreUploads(store);
  const pulls = options.recordsPulls === true ? new PullTimes(store) : undefined;
  const referrers = new Referrers(store);
  const tagNames = new TagNames(store);
  const deletions = new DeletionDesk(store, options);
  const withMemory = { ...options, sizes, pulls, tagNames };
  return {
    // A request wants one of them.
    repository: (name, actor) => ({
      name,
      get blobs() {
        return blobsOf(store, name, sizes);
      },
      get uploads() {
        return uploadsOf(uploads, name, options.hasOwners?.() === true ? actor.name : undefined);
      },
      get manifests() {
        return manifestsOf(store, name, withMemory);
      },
      get tags() {
        return tagsOf(store, name, withMemory);
      },
      get referrers() {
        return { list: (request: ReferrersRequest) => referrers.list(name, request) };
      },
      get deletions() {
        return deletions.of(name);
      },
    }),
    list: (request) => listRepositories(store, request),
    checkReady: async () => void ((await store.directory.prefixTime(repositoriesPrefix)) !== undefined),
  };
}

function tagsOf(
  store: Store,
  name: RepositoryName,
  { tagNames, ...options }: RegistryOptions & { readonly tagNames: TagNames },
): Tags {
  return {
    list: (page) => listTags(store, name, { ...page, tagNames }),
    delete: (tag) => deleteTag(store, name, { ...options, tag }),
  };
}

/** Bytes of a wrong size count as missing, so that the client uploads them again. */
function blobsOf(store: Store, name: RepositoryName, sizes: BlobSizes): Blobs {
  return {
    open: async (digest) => {
      const found = await openBlob(store, name, digest);
      await sizes.refuseCutOff(name, digest, found.sizeBytes);
      return found;
    },
    promise: async (digest) => {
      const found = await promiseBlob(store, name, digest);
      await sizes.refuseCutOff(name, digest, found.sizeBytes);
      return found;
    },
    mount: (source) => {
      const isWhole = (from: RepositoryName, { sizeBytes }: Stat) => sizes.isWhole(from, source.digest, sizeBytes);
      return mountBlob(store, name, { ...source, isWhole });
    },
    delete: (digest) => deleteBlob(store, name, digest),
  };
}

function uploadsOf(uploads: StoreUploads, name: RepositoryName, owner: string | undefined): UploadSessions {
  const own = async (id: string) => {
    if (owner !== undefined) await uploads.requireOwner({ name, id }, owner);
    return { name, id };
  };
  return {
    start: async (algorithm, options) => (await uploads.start(name, algorithm, { owner, ...options })).id,
    size: async (id) => uploads.size(await own(id)),
    append: async (id, chunk) => uploads.append(await own(id), chunk),
    commit: async (id, last, digest) => uploads.commit(await own(id), last, digest),
    cancel: async (id) => uploads.cancel(await own(id)),
  };
}

function manifestsOf(
  store: Store,
  name: RepositoryName,
  options: RegistryOptions & { readonly sizes: BlobSizes; readonly pulls: PullTimes | undefined },
): Manifests {
  const { sizes, pulls } = options;
  const notePull = (reference: Reference) => {
    if (reference.kind === "tag") pulls?.note(name, reference.tag);
  };
  return {
    get: async (reference) => {
      const stored = await getManifest(store, name, reference);
      await sizes.learn(name, stored);
      notePull(reference);
      return stored;
    },
    promise: async (reference) => {
      const { bytes, ...described } = await promiseManifest(store, name, reference);
      if (bytes !== undefined) await sizes.learn(name, { digest: described.digest, bytes });
      // docker looks at the tag by HEAD, and then reads the manifest by its digest.
      notePull(reference);
      return described;
    },
    put: async (put) => {
      const pushed = await putManifest(store, name, { ...options, put });
      await sizes.learn(name, { digest: pushed.digest, bytes: put.bytes });
      return pushed;
    },
    delete: (digest) => deleteManifest(store, name, { ...options, digest }),
  };
}
