// What a manifest names has to be in its repository before the manifest is. Link first, then look: it must be linked there,
// and be there, with the size that the manifest gives.
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

/**
 * Refuses, with MANIFEST_BLOB_UNKNOWN, a manifest that names what the repository does not have, and, with MANIFEST_INVALID,
 * one that gives a wrong size. For a caller that holds the repository's lock: what is there survives a power cut then.
 */
export async function requireNamed(
  store: Store,
  name: RepositoryName,
  { manifest, rules }: { readonly manifest: Manifest; readonly rules: ManifestRules },
): Promise<void> {
  const missing: Digest[] = [];
  const found: Key[] = [];
  const look = async (link: Key, descriptor: Descriptor) => {
    const keys = await findKeys(store, link, descriptor);
    if (keys === undefined) missing.push(descriptor.digest);
    else found.push(...keys);
  };
  for (const blob of manifest.blobs) {
    if (!isStoredElsewhere(blob)) await look(layerLink(name, blob.digest), blob);
  }
  for (const child of manifest.children) {
    if (isChildRequired(child, rules)) await look(await linkOfChild(store, name, child.digest), child);
  }
  if (missing.length > 0) throw new RegistryError("MANIFEST_BLOB_UNKNOWN", { detail: { name, digests: missing } });
  await store.directory.settle(found);
}

/** The revision of a manifest, renewed; or the link of a blob: a build cache may be an index over blobs, as in registry:2. */
async function linkOfChild(store: Store, name: RepositoryName, digest: Digest): Promise<Key> {
  const revision = revisionLink(name, digest);
  const isManifest = (await readLink(store, revision)) === digest && (await store.objects.renew(revision));
  return isManifest ? revision : layerLink(name, digest);
}

/** The link and the bytes that it leads to; undefined if one of them is missing or damaged. */
async function findKeys(store: Store, link: Key, descriptor: Descriptor): Promise<readonly Key[] | undefined> {
  const found = await followToBlob(store, link, descriptor.digest);
  if (found === undefined) return undefined;
  if (found.stat.sizeBytes === descriptor.sizeBytes) return [link, blobKey(found.target)];
  if (await isDamaged(store, found.target)) return undefined;
  throw otherSize(descriptor, found.stat);
}

/** Whether the bytes are wrong, rather than the manifest; they are then moved away, so that a push heals them. */
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
