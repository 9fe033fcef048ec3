// The registry as the doors see it: six facets over one store. Anything that is refused throws a RegistryError.
import type { Algorithm, Digest } from "../oci/digest.ts";
import type { RepositoryName } from "../oci/name.ts";
import type { Reference, Tag } from "../oci/reference.ts";
import {
  type ArrivingBlob,
  deleteBlob,
  type FoundBlob,
  findLinked,
  mountBlob,
  openBlob,
  promiseBlob,
} from "./blobs.ts";
import { KnownSizes } from "./known-sizes.ts";
import { repositoriesPrefix } from "./layout.ts";
import type { DescribedManifest } from "./manifest-memory.ts";
import type { ManifestRules } from "./manifest-rules.ts";
import {
  deleteManifest,
  deleteTag,
  getManifest,
  type ManifestPut,
  type PutOutcome,
  promiseManifest,
  putManifest,
  type StoredManifest,
} from "./manifests.ts";
import { Referrers, type ReferrersPage, type ReferrersRequest } from "./referrers.ts";
import { listRepositories, type Page, type PageRequest } from "./repositories.ts";
import type { Store } from "./store.ts";
import { listTags } from "./tags.ts";
import { type Chunk, Uploads, type UploadTarget } from "./uploads.ts";

/** Blobs of a repository. */
export interface BlobsFacet {
  /** To be read. One that is cached from elsewhere may still be on its way. */
  open(name: RepositoryName, digest: Digest): Promise<FoundBlob | ArrivingBlob>;
  /** To be relied on: the blob stays for the grace of garbage collection. */
  promise(name: RepositoryName, digest: Digest): Promise<{ readonly sizeBytes: number }>;
  /** False when the blob is not to be had without an upload. */
  mount(
    name: RepositoryName,
    source: { readonly digest: Digest; readonly from: RepositoryName | undefined },
  ): Promise<boolean>;
  delete(name: RepositoryName, digest: Digest): Promise<void>;
}

/** Upload sessions of a repository. */
export interface UploadsFacet {
  start(name: RepositoryName, algorithm: Algorithm): Promise<UploadTarget>;
  size(target: UploadTarget): Promise<number>;
  append(target: UploadTarget, chunk: Chunk): Promise<number>;
  commit(target: UploadTarget, last: Chunk, digest: Digest): Promise<void>;
  cancel(target: UploadTarget): Promise<void>;
}

/** Manifests of a repository. */
export interface ManifestsFacet {
  get(name: RepositoryName, reference: Reference): Promise<StoredManifest>;
  promise(name: RepositoryName, reference: Reference): Promise<DescribedManifest>;
  put(name: RepositoryName, put: ManifestPut): Promise<PutOutcome>;
  /** With every tag that points to it. */
  delete(name: RepositoryName, digest: Digest): Promise<void>;
}

/** Tags of a repository. */
export interface TagsFacet {
  list(name: RepositoryName, page: PageRequest): Promise<Page<Tag>>;
  delete(name: RepositoryName, tag: Tag): Promise<void>;
}

/** Manifests by subject. */
export interface ReferrersFacet {
  list(name: RepositoryName, request: ReferrersRequest): Promise<ReferrersPage>;
}

/** The repositories themselves. */
export interface RepositoriesFacet {
  list(page: PageRequest): Promise<Page<RepositoryName>>;
}

/** Everything that requests can ask for. */
export interface Registry {
  readonly blobs: BlobsFacet;
  readonly uploads: UploadsFacet;
  readonly manifests: ManifestsFacet;
  readonly tags: TagsFacet;
  readonly referrers: ReferrersFacet;
  readonly repositories: RepositoriesFacet;
  /** Throws where the store cannot be reached. */
  checkReady(): Promise<void>;
}

/** The registry over a store of its own. */
export function openRegistry(store: Store, options: { readonly rules: ManifestRules }): Registry {
  const sizes = new KnownSizes(store);
  return {
    blobs: openBlobsFacet(store, sizes),
    uploads: new Uploads(store),
    manifests: openManifestsFacet(store, { sizes, rules: options.rules }),
    tags: {
      list: (name, page) => listTags(store, name, page),
      delete: (name, tag) => deleteTag(store, name, tag),
    },
    referrers: new Referrers(store),
    repositories: { list: (page) => listRepositories(store, page) },
    checkReady: async () => void (await store.driver.exists(repositoriesPrefix)),
  };
}

/** Bytes of a wrong size count as missing, so that the client uploads them again. */
function openBlobsFacet(store: Store, sizes: KnownSizes): BlobsFacet {
  const promise: BlobsFacet["promise"] = async (name, digest) => {
    const found = await promiseBlob(store, name, digest);
    await sizes.refuseCutOff(name, digest, found.sizeBytes);
    return found;
  };
  return {
    open: async (name, digest) => {
      const found = await openBlob(store, name, digest);
      await sizes.refuseCutOff(name, digest, found.sizeBytes);
      return found;
    },
    promise,
    mount: async (name, source) => {
      const { digest, from } = source;
      const found = from === undefined ? undefined : await findLinked(store, from, digest);
      const isCutOff =
        found !== undefined && from !== undefined && !(await sizes.isWhole(from, digest, found.sizeBytes));
      return !isCutOff && (await mountBlob(store, name, source));
    },
    delete: (name, digest) => deleteBlob(store, name, digest),
  };
}

function openManifestsFacet(
  store: Store,
  { sizes, rules }: { readonly sizes: KnownSizes; readonly rules: ManifestRules },
): ManifestsFacet {
  return {
    get: async (name, reference) => {
      const stored = await getManifest(store, name, reference);
      await sizes.learn(name, stored);
      return stored;
    },
    promise: async (name, reference) => {
      const { bytes, ...described } = await promiseManifest(store, name, reference);
      if (bytes !== undefined) await sizes.learn(name, { digest: described.digest, bytes });
      return described;
    },
    put: async (name, put) => {
      const outcome = await putManifest(store, name, { put, rules });
      await sizes.learn(name, { digest: outcome.digest, bytes: put.bytes });
      return outcome;
    },
    delete: (name, digest) => deleteManifest(store, name, digest),
  };
}
