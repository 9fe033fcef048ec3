// Blobs of a repository: looking, promising, mounting, deleting. Bytes come in through uploads.
import type { Content } from "../lib/content.ts";
import type { Digest } from "../oci/digest.ts";
import { RegistryError } from "../oci/errors.ts";
import type { RepositoryName } from "../oci/name.ts";
import type { PatienceOptions } from "../storage/changes.ts";
import type { Stat } from "../storage/ports.ts";
import { deleteLink } from "./deletions.ts";
import {
  type BlobLink,
  findBlob,
  findLinkedBlob,
  followToBlob,
  type LinkedBlob,
  linkBlob,
  statBlob,
  withdrawLink,
} from "./find-blob.ts";
import { blobKey, layerLink } from "./layout.ts";
import { removeIfEmpty } from "./repositories.ts";
import { type Store, withAdding, withRemoving } from "./store.ts";

/** A blob that is there. */
export interface FoundBlob {
  readonly digest: Digest;
  readonly sizeBytes: number;
  /** A handle to stream or slice it. */
  readonly content: Content;
}

/** A blob that is on its way from another registry. */
export interface ArrivingBlob {
  readonly digest: Digest;
  /** Undefined if the other registry does not say it. */
  readonly sizeBytes: number | undefined;
  /**
   * Its bytes as they come, from `start` up to, but without, `end`. They end with an error if they turn out to be
   * wrong; the last of them are only sent once all are right.
   */
  read(range?: { readonly start: number; readonly end: number }): AsyncIterable<Uint8Array>;
}

/** Where a blob is to be mounted from. */
export interface MountSource {
  readonly digest: Digest;
  /** Undefined: any repository. */
  readonly from: RepositoryName | undefined;
}

/** A blob that the repository has now, by a push or a mount. */
export interface AddedBlob {
  readonly digest: Digest;
  readonly sizeBytes: number;
  /** Whether the repository did not have it before. */
  readonly isNew: boolean;
}

/** A blob that the repository no longer has. */
export interface DeletedBlob {
  readonly digest: Digest;
}

/** How long a HEAD waits to freshen a link. */
const promiseWaitMs = 1000;
const maxRounds = 3;

/** The blob of a repository, to be read. Promises nothing about later. */
export async function openBlob(store: Store, name: RepositoryName, digest: Digest): Promise<FoundBlob> {
  // A collector that judged before the link was made may take the bytes between the look and the opening.
  for (let round = 1; round <= maxRounds; round += 1) {
    const found = await followToBlob(store, layerLink(name, digest), digest);
    if (found === undefined) break;
    const content = await store.objects.open(blobKey(found.target), found.stat);
    if (content !== undefined) return { digest, sizeBytes: found.stat.sizeBytes, content };
  }
  throw new RegistryError("BLOB_UNKNOWN", { detail: { name, digest } });
}

/**
 * Says that the repository has the blob, and freshens its link, so that it stays for the grace of garbage collection:
 * the client will not upload it now.
 */
export async function promiseBlob(
  store: Store,
  name: RepositoryName,
  digest: Digest,
): Promise<{ readonly sizeBytes: number }> {
  const link = layerLink(name, digest);
  const linked = await followToBlob(store, link, digest);
  const found = linked === undefined ? undefined : await promiseLink(store, name, { link, ...linked });
  if (found === undefined) throw new RegistryError("BLOB_UNKNOWN", { detail: { name, digest } });
  return { sizeBytes: found.sizeBytes };
}

/**
 * Makes the promise that a link gives last: renews it, unless it is fresh. Undefined if the link or the bytes are gone, or may
 * be in a moment. If it cannot be renewed in time, the promise is shorter: that may cost a repeated push, and loses nothing.
 * `stat` is what was found of the bytes after the link was seen, if they were looked for.
 */
export async function promiseLink(
  store: Store,
  name: RepositoryName,
  { link, target, stat }: BlobLink & { readonly stat?: Stat },
): Promise<Stat | undefined> {
  const linkStat = await store.objects.stat(link);
  const found = stat ?? (linkStat === undefined ? undefined : await findBlob(store, target));
  if (linkStat === undefined || found === undefined) return undefined;
  const ageMs = store.now() - linkStat.changedMs;
  if (ageMs >= 0 && ageMs < store.changes.freshMs) return found;
  await using adding = await store.changes.adding(name, { waitMs: promiseWaitMs, isFleeting: true });
  if (adding === undefined) return found;
  const kept = (await store.objects.renew(link)) ? await findLinkedBlob(store, adding, { link, target }) : undefined;
  return kept === "noticed" ? undefined : kept;
}

/** Links a blob of another repository. Undefined when it is not there: the client uploads it then. */
export async function mountBlob(
  store: Store,
  name: RepositoryName,
  {
    digest,
    from,
    isWhole,
  }: MountSource & { readonly isWhole?: (from: RepositoryName, stat: Stat) => Promise<boolean> },
): Promise<AddedBlob | undefined> {
  const source = await findSource(store, digest, from);
  if (source === undefined) return undefined;
  if (from !== undefined && (await isWhole?.(from, source.stat)) === false) return undefined;
  // Nobody goes by the time of a content who announces what he takes.
  if (store.changes.isExclusive && !(await store.objects.renew(blobKey(source.target)))) return undefined;
  return addBlob(store, name, { digest, target: source.target });
}

/**
 * Links a blob whose bytes were there a moment ago. Undefined if they were collected before the look that follows, or may
 * still be; the link is then taken back.
 */
export async function addBlob(
  store: Store,
  name: RepositoryName,
  { digest, target, ...patience }: PatienceOptions & { readonly digest: Digest; readonly target: Digest },
): Promise<AddedBlob | undefined> {
  const link = layerLink(name, digest);
  const { isNew, stat } = await withAdding(store, name, (adding) =>
    linkBlob(store, adding, { link, target, ...patience }),
  );
  if (stat !== undefined && stat !== "noticed") return { digest, sizeBytes: stat.sizeBytes, isNew };
  if (isNew) await withdrawLink(store, name, { link, target });
  return undefined;
}

/** Without a source repository nothing holds the blob yet: only what is in its place counts, and nothing is restored. */
async function findSource(
  store: Store,
  digest: Digest,
  from: RepositoryName | undefined,
): Promise<LinkedBlob | undefined> {
  if (from !== undefined) return await followToBlob(store, layerLink(from, digest), digest);
  const stat = await statBlob(store, digest);
  return stat && { target: digest, stat };
}

/** Takes the blob out of the repository; its bytes stay while another repository links them. */
export async function deleteBlob(store: Store, name: RepositoryName, digest: Digest): Promise<DeletedBlob> {
  // Without an announcement: whoever relies on it is told nothing, since somebody asked for this.
  return withRemoving(store, name, [], async (removing) => {
    const link = layerLink(name, digest);
    if (!(await deleteLink(store, name, { link, digest, take: () => removing.drop(link) }))) {
      throw new RegistryError("BLOB_UNKNOWN", { detail: { name, digest } });
    }
    await removeIfEmpty(store, name);
    return { digest };
  });
}
