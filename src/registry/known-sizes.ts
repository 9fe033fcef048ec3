// What sizes blobs should have, as the manifests of their repository say: so that a file that was cut off, by a crash
// of a registry that does not sync or by a person, is not served as if it were whole.

import { createPacer } from "../lib/pacer.ts";
import { isStoredElsewhere } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { RegistryError } from "../oci/errors.ts";
import { parseManifest } from "../oci/manifest.ts";
import type { RepositoryName } from "../oci/name.ts";
import { openRevision } from "./manifests.ts";
import { listRevisionNames } from "./repositories.ts";
import type { Store } from "./store.ts";

interface RepositorySizes {
  /** Undefined where manifests contradict each other. */
  readonly sizes: Map<Digest, number | undefined>;
  readonly learned: Set<Digest>;
  /** Under way: resolves when the manifests that were there at the first question have been read. */
  scan: Promise<void> | undefined;
  /** Whether it has more manifests than are looked at. */
  isLarge: boolean;
}

/** Of one repository; of more manifests only those that are asked for are looked at. */
const maxScannedManifests = 1000;
const maxRepositories = 1000;
const maxSizes = 200_000;

/**
 * The sizes that manifests tell, by repository, since only who may push to it can tell something wrong. They follow
 * from digests, so they never grow old.
 */
export class KnownSizes {
  readonly #store: Store;
  readonly #repositories = new Map<RepositoryName, RepositorySizes>();
  #count = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Takes note of what a stored manifest says. */
  learn(name: RepositoryName, { digest, bytes }: { readonly digest: Digest; readonly bytes: Uint8Array }): void {
    const repository = this.#repository(name);
    if (repository.learned.has(digest)) return;
    repository.learned.add(digest);
    const parsed = parseManifest(bytes, undefined);
    if ("problem" in parsed) return;
    for (const blob of parsed.manifest.blobs) {
      // Nobody compared the size of a layer that lies elsewhere.
      if (isStoredElsewhere(blob)) continue;
      const known = repository.sizes.get(blob.digest);
      const isNew = !repository.sizes.has(blob.digest);
      repository.sizes.set(blob.digest, isNew || known === blob.sizeBytes ? blob.sizeBytes : undefined);
      if (isNew) this.#count += 1;
    }
    while (this.#count > maxSizes) this.#forgetOldest();
  }

  /** Refuses with BLOB_UNKNOWN a blob of another size than the manifests say: it is damaged, and a push heals it. */
  async refuseCutOff(name: RepositoryName, digest: Digest, sizeBytes: number): Promise<void> {
    if (await this.isWhole(name, digest, sizeBytes)) return;
    throw new RegistryError("BLOB_UNKNOWN", {
      message: "the stored blob is damaged: it has not the size that a manifest says; push it again",
      detail: { name, digest, actual: sizeBytes },
    });
  }

  /** Whether the size is the one that manifests say, or none says one. */
  async isWhole(name: RepositoryName, digest: Digest, sizeBytes: number): Promise<boolean> {
    const repository = this.#repository(name);
    if (!repository.sizes.has(digest)) await this.#scanOnce(name, repository);
    const expected = repository.sizes.get(digest);
    return expected === undefined || expected === sizeBytes;
  }

  /** Again for each unknown blob, since its manifest may have come through another process. */
  async #scanOnce(name: RepositoryName, repository: RepositorySizes): Promise<void> {
    if (!repository.isLarge) {
      repository.scan ??= this.#scan(name, repository).finally(() => {
        repository.scan = undefined;
      });
    }
    await repository.scan;
  }

  async #scan(name: RepositoryName, repository: RepositorySizes): Promise<void> {
    const pace = createPacer();
    let count = 0;
    for await (const digest of listRevisionNames(this.#store, name)) {
      count += 1;
      repository.isLarge = count > maxScannedManifests;
      if (repository.isLarge) return;
      if (repository.learned.has(digest)) continue;
      const stored = await openRevision(this.#store, name, digest);
      if (stored !== undefined) this.learn(name, stored);
      await pace();
    }
  }

  #repository(name: RepositoryName): RepositorySizes {
    const known = this.#repositories.get(name);
    if (known !== undefined) return known;
    if (this.#repositories.size >= maxRepositories || this.#count > maxSizes) this.#forgetOldest();
    const repository: RepositorySizes = { sizes: new Map(), learned: new Set(), scan: undefined, isLarge: false };
    this.#repositories.set(name, repository);
    return repository;
  }

  #forgetOldest(): void {
    const oldest = this.#repositories.entries().next().value;
    if (oldest === undefined) return;
    this.#repositories.delete(oldest[0]);
    this.#count -= oldest[1].sizes.size;
  }
}
