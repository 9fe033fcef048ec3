// What a manifest names has to be in its repository before the manifest is. Link first, then look: it must be linked there,
// and be there, with the size that the manifest gives.
import { forEachAtOnce } from "../lib/at-once.ts";
import { type Descriptor, isStoredElsewhere } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { RegistryError } from "../oci/errors.ts";
import type { Manifest } from "../oci/manifest.ts";
import type { RepositoryName } from "../oci/name.ts";
import type { Key, Stat } from "../storage/ports.ts";
import { inspectBlob, quarantineBlob } from "./blob-damage.ts";
import { followToBlob } from "./find-blob.ts";
import { blobKey, layerLink, revisionLink } from "./layout.ts";
import { readLink } from "./links.ts";
import { isChildRequired, type ManifestRules } from "./manifest-rules.ts";
import type { Store } from "./store.ts";

/** Something that a manifest names, with the places of its link and its bytes. */
export interface RequiredContent {
  readonly link: Key;
  readonly target: Digest;
}

/** How many are looked up at once, if each lookup is a request. */
const lookers = 16;

/**
 * Refuses, with MANIFEST_BLOB_UNKNOWN, a manifest that names what the repository does not have, and, with MANIFEST_INVALID,
 * one that gives a wrong size. For a caller that holds an `Adding`: what is found survives a power cut then.
 */
export async function requireNamed(
  store: Store,
  name: RepositoryName,
  { manifest, rules }: { readonly manifest: Manifest; readonly rules: ManifestRules },
): Promise<readonly RequiredContent[]> {
  const blobs = manifest.blobs.filter((blob) => !isStoredElsewhere(blob));
  const children = manifest.children.filter((child) => isChildRequired(child, rules));
  const found: (RequiredContent | undefined)[] = [];
  await forEachAtOnce(
    [...blobs, ...children].entries(),
    store.changes.isExclusive ? 1 : lookers,
    async ([at, named]) => {
      const isBlob = at < blobs.length;
      const link = isBlob ? layerLink(name, named.digest) : await linkOfChild(store, name, named.digest);
      found[at] = await findNamed(store, link, named);
    },
  );
  const missing = [...blobs, ...children].filter((_named, at) => found[at] === undefined).map(({ digest }) => digest);
  if (missing.length > 0) throw new RegistryError("MANIFEST_BLOB_UNKNOWN", { detail: { name, digests: missing } });
  const all = found.filter((each) => each !== undefined);
  await store.directory.settle(all.flatMap(({ link, target }) => [link, blobKey(target)]));
  return all;
}

/** The revision of a manifest, renewed; or the link of a blob: a build cache may be an index over blobs, as in registry:2. */
async function linkOfChild(store: Store, name: RepositoryName, digest: Digest): Promise<Key> {
  const revision = revisionLink(name, digest);
  const isManifest = (await readLink(store, revision)) === digest && (await store.objects.renew(revision));
  return isManifest ? revision : layerLink(name, digest);
}

/** The link, and what it leads to; undefined if one of them is missing or damaged. */
async function findNamed(store: Store, link: Key, descriptor: Descriptor): Promise<RequiredContent | undefined> {
  const found = await followToBlob(store, link, descriptor.digest);
  if (found === undefined) return undefined;
  if (found.stat.sizeBytes === descriptor.sizeBytes) return { link, target: found.target };
  if (await isDamaged(store, found.target)) return undefined;
  throw otherSize(descriptor, found.stat);
}

/** Whether the bytes are wrong, rather than the manifest; they are then moved aside, so that a push heals them. */
async function isDamaged(store: Store, digest: Digest): Promise<boolean> {
  const verdict = await inspectBlob(store, digest);
  if (verdict.kind !== "damaged") return verdict.kind === "gone";
  await quarantineBlob(store, digest, verdict.stat);
  return true;
}

function otherSize({ digest, sizeBytes }: Descriptor, stat: Stat): RegistryError {
  return new RegistryError("MANIFEST_INVALID", {
    message: `the manifest says that ${digest} has ${sizeBytes} bytes, but it has ${stat.sizeBytes}`,
    detail: { digest, expected: sizeBytes, actual: stat.sizeBytes },
  });
}
