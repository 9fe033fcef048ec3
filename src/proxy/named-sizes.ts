// What manifests say about blobs: a size to hold an upstream to, and that a blob belongs to a repository.
import { BoundedMap } from "../lib/bounded-map.ts";
import type { Digest } from "../oci/digest.ts";
import { namedDigests, parseManifest } from "../oci/manifest.ts";
import type { RepositoryName } from "../oci/name.ts";
import { readManifest } from "../registry/manifests.ts";
import { listRevisions } from "../registry/repositories.ts";
import type { Store } from "../registry/store.ts";

const maxSizes = 20_000;
const maxScannedManifests = 1000;

/**
 * Sizes of blobs, from the manifests that were fetched lately. A hint: a blob without one is received all the same. Each
 * repository has its own, so that a lying manifest spoils no other.
 */
export class NamedSizes {
  readonly #sizes = new BoundedMap<string, number>(maxSizes);

  /** Learns what a verified manifest names. */
  learn(name: RepositoryName, bytes: Uint8Array): void {
    const parsed = parseManifest(bytes, undefined);
    if ("problem" in parsed) return;
    for (const { digest, sizeBytes } of parsed.manifest.blobs) this.set(name, digest, sizeBytes);
  }

  /** Takes note of one size. */
  set(name: RepositoryName, digest: Digest, sizeBytes: number): void {
    this.#sizes.set(keyOf(name, digest), sizeBytes);
  }

  /** The size that a manifest of the repository gave. */
  get(name: RepositoryName, digest: Digest): number | undefined {
    return this.#sizes.get(keyOf(name, digest));
  }
}

function keyOf(name: RepositoryName, digest: Digest): string {
  return `${name}@${digest}`;
}

/** What the stored manifests of the repository say of a digest; undefined where none names it. */
export async function findNamed(
  store: Store,
  name: RepositoryName,
  digest: Digest,
): Promise<{ readonly sizeBytes: number } | undefined> {
  let count = 0;
  for await (const revision of listRevisions(store, name)) {
    count += 1;
    if (count > maxScannedManifests) break;
    const stored = await readManifest(store, revision);
    const parsed = stored === undefined ? undefined : parseManifest(stored.bytes, undefined);
    if (parsed === undefined || "problem" in parsed) continue;
    const named = namedDigests(parsed.manifest).find((descriptor) => descriptor.digest === digest);
    if (named !== undefined) return { sizeBytes: named.sizeBytes };
  }
  return undefined;
}
