// The contract of a repository. The local store makes one, the pull-through cache another one; events, policy and metrics
// can wrap either. What is refused throws a RegistryError.
import type { Algorithm, Digest } from "../oci/digest.ts";
import type { RepositoryName } from "../oci/name.ts";
import type { Reference, Tag } from "../oci/reference.ts";
import type { AddedBlob, ArrivingBlob, DeletedBlob, FoundBlob, MountSource } from "./blobs.ts";
import type { CarryOutOptions, DeletionOutcome } from "./deleting/carry-out.ts";
import type { DeletionPlan } from "./deleting/plan-deletion.ts";
import type { DeletionSelection } from "./deleting/selection.ts";
import type { DeletedManifest, DeletedTag } from "./manifest-deletions.ts";
import type { DescribedManifest } from "./manifest-memory.ts";
import type { ManifestPut, PushedManifest } from "./manifest-push.ts";
import type { StoredManifest } from "./manifests.ts";
import type { ReferrersPage, ReferrersRequest } from "./referrers.ts";
import type { Page, PageRequest } from "./repositories.ts";
import type { Chunk, SessionOptions } from "./uploads.ts";

/** The blobs of a repository. */
export interface Blobs {
  /** To be read. One that is cached from elsewhere may still be arriving. */
  open(digest: Digest): Promise<FoundBlob | ArrivingBlob>;
  /** To be relied on: the blob stays for the grace of garbage collection. */
  promise(digest: Digest): Promise<{ readonly sizeBytes: number }>;
  /** Undefined when the blob cannot be had without an upload. */
  mount(source: MountSource): Promise<AddedBlob | undefined>;
  delete(digest: Digest): Promise<DeletedBlob>;
}

/** The upload sessions of a repository, by their identifiers. */
export interface UploadSessions {
  /** Opens a session and returns its identifier; `algorithm` is the one that the client says it will close it with. */
  start(algorithm: Algorithm, options?: Pick<SessionOptions, "isBrief">): Promise<string>;
  /** How many bytes have arrived. */
  size(id: string): Promise<number>;
  /** Appends a piece and returns how many bytes have arrived. */
  append(id: string, chunk: Chunk): Promise<number>;
  /** Appends the last piece, checks the digest and stores the blob. */
  commit(id: string, last: Chunk, digest: Digest): Promise<AddedBlob>;
  cancel(id: string): Promise<void>;
}

/** The manifests of a repository. */
export interface Manifests {
  get(reference: Reference): Promise<StoredManifest>;
  /** To be relied on: the manifest stays for the grace of garbage collection. */
  promise(reference: Reference): Promise<DescribedManifest>;
  put(put: ManifestPut): Promise<PushedManifest>;
  /** With every tag that points to it. */
  delete(digest: Digest): Promise<DeletedManifest>;
}

/** The tags of a repository. */
export interface Tags {
  list(page: PageRequest): Promise<Page<Tag>>;
  delete(tag: Tag): Promise<DeletedTag>;
}

/** What of a repository is to be deleted at once. */
export interface DeletionRequest {
  readonly selection: DeletionSelection;
  /** Other repositories that may be looked at for what they share; absent: all. */
  readonly isVisible?: ((name: RepositoryName) => boolean) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Deletions of any number of tags and manifests, planned before they are carried out. */
export interface PlannedDeletions {
  plan(request: DeletionRequest): Promise<DeletionPlan>;
  carryOut(request: Omit<CarryOutOptions, "isImmutable">): Promise<DeletionOutcome>;
}

/** The manifests of a repository by their subject. */
export interface ReferrerIndex {
  list(request: ReferrersRequest): Promise<ReferrersPage>;
}

/** One repository, for one caller. It need not exist yet. */
export interface Repository {
  readonly name: RepositoryName;
  readonly blobs: Blobs;
  readonly uploads: UploadSessions;
  readonly manifests: Manifests;
  readonly tags: Tags;
  readonly referrers: ReferrerIndex;
  readonly deletions: PlannedDeletions;
}
