// What sizes blobs should have, as the manifests of their repository say: so that a file that was cut off, by a crash
// of a registry that does not sync or by a person, is not served as if it were whole.

import { stepAside } from "../lib/pacer.ts";
import { isStoredElsewhere } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { RegistryError } from "../oci/errors.ts";
import { parseManifestInTurns } from "../oci/manifest.ts";
import type { RepositoryName } from "../oci/name.ts";
import { BlobVerdicts } from "./blob-verdicts.ts";
import { openRevision } from "./manifests.ts";
import { listRevisionNames } from "./repositories.ts";
import type { Store } from "./store.ts";

interface RepositorySizes {
  /** Undefined where manifests contradict each other. */
  readonly sizes: Map<Digest, number | undefined>;
  readonly learned: Set<Digest>;
  /** Under way: resolves when the manifests have been read that were there at the question, or it takes too long. */
  scan: Promise<void> | undefined;
  /** Whether it has so many manifests that they are read once; later only those that are asked for. */
  isLarge: boolean;
}

const manyManifests = 1000;
const maxRepositories = 1000;
/** Of sizes and manifests, in all repositories; one repository is read until it has half of them. */
const maxEntries = 300_000;
/** How long a question waits for manifests to be read; the reading goes on, for later questions. */
const defaultScanWaitMs = 1000;

/**
 * The sizes that manifests tell, by repository, since only who may push to it can tell something wrong. They follow
 * from digests, so they never grow old.
 */
export class KnownSizes {
  readonly #store: Store;
  readonly #scanWaitMs: number;
  readonly #verdicts: BlobVerdicts;
  readonly #repositories = new Map<RepositoryName, RepositorySizes>();
  #count = 0;

  constructor(store: Store, { scanWaitMs } = { scanWaitMs: defaultScanWaitMs }) {
    this.#store = store;
    this.#scanWaitMs = scanWaitMs;
    this.#verdicts = new BlobVerdicts(store);
  }

  /** Takes note of what a stored manifest says. */
  async learn(
    name: RepositoryName,
    { digest, bytes }: { readonly digest: Digest; readonly bytes: Uint8Array },
  ): Promise<void> {
    if (this.#repository(name).learned.has(digest)) return;
    const parsed = await parseManifestInTurns(bytes, undefined);
    const repository = this.#repository(name);
    if (repository.learned.has(digest)) return;
    repository.learned.add(digest);
    this.#count += 1;
    if ("problem" in parsed) return;
    for (const blob of parsed.manifest.blobs) {
      // Nobody compared the size of a layer that lies elsewhere.
      if (isStoredElsewhere(blob)) continue;
      const known = repository.sizes.get(blob.digest);
      const isNew = !repository.sizes.has(blob.digest);
      repository.sizes.set(blob.digest, isNew || known === blob.sizeBytes ? blob.sizeBytes : undefined);
      if (isNew) this.#count += 1;
    }
    while (this.#count > maxEntries) this.#forgetOldest();
  }

  /** Refuses with BLOB_UNKNOWN a blob of another size than the manifests say: it is damaged, and a push heals it. */
  async refuseCutOff(name: RepositoryName, digest: Digest, sizeBytes: number): Promise<void> {
    if (await this.isWhole(name, digest, sizeBytes)) return;
    throw new RegistryError("BLOB_UNKNOWN", {
      message: "the stored blob is damaged: its size differs from what a manifest says; push it again",
      detail: { name, digest, actual: sizeBytes },
    });
  }

  /** Whether the size is the one that manifests say, or none says one, or the manifests are wrong and not the blob. */
  async isWhole(name: RepositoryName, digest: Digest, sizeBytes: number): Promise<boolean> {
    const repository = this.#repository(name);
    if (!repository.sizes.has(digest)) await this.#scanOnce(name, repository);
    const expected = repository.sizes.get(digest);
    if (expected === undefined || expected === sizeBytes) return true;
    // registry:2 compares no sizes, so that it may hold manifests that say wrong ones.
    return await this.#verdicts.isWhole(digest);
  }

  /** Again for each unknown blob, since its manifest may have come through another process. */
  async #scanOnce(name: RepositoryName, repository: RepositorySizes): Promise<void> {
    if (repository.isLarge) return;
    repository.scan ??= this.#startScan(name, repository);
    await repository.scan;
  }

  #startScan(name: RepositoryName, repository: RepositorySizes): Promise<void> {
    const scanning = this.#scan(name, repository).finally(() => {
      repository.scan = undefined;
    });
    return Promise.race([scanning, new Promise<void>((resolve) => setTimeout(resolve, this.#scanWaitMs).unref())]);
  }

  async #scan(name: RepositoryName, repository: RepositorySizes): Promise<void> {
    let count = 0;
    for await (const digest of listRevisionNames(this.#store, name)) {
      count += 1;
      await stepAside();
      if (repository.learned.has(digest)) continue;
      const isForgotten = this.#repositories.get(name) !== repository;
      if (isForgotten || entriesOf(repository) > maxEntries / 2) break;
      const stored = await openRevision(this.#store, name, digest);
      if (stored !== undefined) await this.learn(name, stored);
    }
    repository.isLarge = count > manyManifests;
  }

  #repository(name: RepositoryName): RepositorySizes {
    const known = this.#repositories.get(name);
    if (known !== undefined) return known;
    if (this.#repositories.size >= maxRepositories || this.#count > maxEntries) this.#forgetOldest();
    const repository: RepositorySizes = { sizes: new Map(), learned: new Set(), scan: undefined, isLarge: false };
    this.#repositories.set(name, repository);
    return repository;
  }

  #forgetOldest(): void {
    const oldest = this.#repositories.entries().next().value;
    if (oldest === undefined) return;
    this.#repositories.delete(oldest[0]);
    this.#count -= entriesOf(oldest[1]);
  }
}

function entriesOf({ sizes, learned }: RepositorySizes): number {
  return sizes.size + learned.size;
}
