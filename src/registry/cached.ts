// Cached repositories: those that are filled from another registry. They carry a marker; in them a manifest may exist before
// its blobs, and missing content is fetched rather than refused. The time of a link is when it was last used.
import type { Digest } from "../oci/digest.ts";
import { RegistryError } from "../oci/errors.ts";
import { parseManifestInTurns } from "../oci/manifest.ts";
import type { RepositoryName } from "../oci/name.ts";
import type { Tag } from "../oci/reference.ts";
import type { Key } from "../storage/ports.ts";
import { linkBlob, noticeWaitMs } from "./find-blob.ts";
import {
  blobKey,
  layerLink,
  layersPrefix,
  revisionLink,
  type TransferOrigin,
  tagCurrentLink,
  upstreamKey,
} from "./layout.ts";
import { storeManifest } from "./manifest-push.ts";
import { type Store, withAdding } from "./store.ts";

const maxMarkerBytes = 4096;

/** The upstream registry that the repository is marked as cached from; undefined for a local one. */
export async function readUpstream(store: Store, name: RepositoryName): Promise<string | undefined> {
  const bytes = await store.objects.read(upstreamKey(name), maxMarkerBytes);
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes).trim();
}

/** Marks the repository as cached from the upstream, which was asked just now. */
export async function markCached(store: Store, name: RepositoryName, upstream: string): Promise<void> {
  if ((await readUpstream(store, name)) !== upstream) {
    await store.objects.put(upstreamKey(name), new TextEncoder().encode(upstream));
  } else await store.objects.renew(upstreamKey(name));
}

/** A manifest as the upstream sent it, verified. */
export interface CachedManifest {
  readonly bytes: Uint8Array;
  readonly digest: Digest;
  /** The tag by which it was requested. */
  readonly tag: Tag | undefined;
  readonly upstream: string;
}

/**
 * Stores a manifest of a cached repository, whether or not what it names exists; refuses with MANIFEST_INVALID what
 * could not be pushed either.
 */
export async function cacheManifest(store: Store, name: RepositoryName, cached: CachedManifest): Promise<void> {
  const { bytes, digest, tag, upstream } = cached;
  const parsed = await parseManifestInTurns(bytes, undefined);
  if ("problem" in parsed) throw new RegistryError("MANIFEST_INVALID", { message: parsed.problem });
  const subject = parsed.manifest.subject?.digest;
  await withAdding(store, name, async (adding) => {
    await markCached(store, name, upstream);
    await storeManifest(store, name, { adding, bytes, digest, subject, tags: tag === undefined ? [] : [tag] });
  });
}

/** Links a blob that has arrived; false if its bytes are gone again. */
export async function linkCachedBlob(
  store: Store,
  name: RepositoryName,
  { digest, upstream }: TransferOrigin,
): Promise<boolean> {
  return withAdding(store, name, async (adding) => {
    await markCached(store, name, upstream);
    await store.directory.makePrefix(layersPrefix(name));
    const added = { link: layerLink(name, digest), target: digest, waitMs: noticeWaitMs };
    const { stat } = await linkBlob(store, adding, added);
    return stat !== undefined && stat !== "noticed";
  });
}

/** The same for bytes that were there before, perhaps without a link: a collector that has read the links goes by their time. */
export async function adoptBlob(store: Store, name: RepositoryName, blob: TransferOrigin): Promise<boolean> {
  await store.objects.renew(blobKey(blob.digest));
  return linkCachedBlob(store, name, blob);
}

/** When the upstream last confirmed what the tag points to. */
export async function tagConfirmedMs(store: Store, name: RepositoryName, tag: Tag): Promise<number | undefined> {
  return (await store.objects.stat(tagCurrentLink(name, tag)))?.changedMs;
}

/** Notes that the upstream has just confirmed it. */
export async function confirmTag(store: Store, name: RepositoryName, tag: Tag): Promise<void> {
  await store.objects.renew(tagCurrentLink(name, tag));
}

/** What was used: a manifest or a blob. */
export interface Use {
  readonly kind: "manifest" | "blob";
  readonly digest: Digest;
  /** A use within this time of the last one is not noted again. */
  readonly stepMs: number;
}

/** Records the use, so that eviction takes it later. Without the lock: a time decides when something goes, not whether. */
export async function noteUse(store: Store, name: RepositoryName, { kind, digest, stepMs }: Use): Promise<void> {
  const link: Key = kind === "manifest" ? revisionLink(name, digest) : layerLink(name, digest);
  const stat = await store.objects.stat(link);
  if (stat !== undefined && store.now() - stat.changedMs > stepMs) await store.objects.renew(link);
}

/** Refuses a push to a cached repository, and says why. */
export function refusePush(name: RepositoryName, upstream: string): never {
  throw new RegistryError("UNSUPPORTED", {
    message: `${name} is a cache of ${upstream} and cannot be pushed to or deleted from; push to another name`,
    detail: { name },
    headers: { Allow: "GET, HEAD, OPTIONS" },
  });
}
