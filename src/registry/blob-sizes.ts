// The sizes that blobs should have according to the manifests of their repository: so that a file that was cut off, by a crash
// of a registry that does not sync or by a person, is not served as if it were whole, and so that an upstream can be
// held to the size that it announced.

import { setTimeout as pause } from "node:timers/promises";
import { BoundedMap } from "../lib/bounded-map.ts";
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

const maxSizes = 200_000;
const maxManifests = 100_000;
/** A repository with more manifests is read once; later only the manifests that are asked for are. */
const manyManifests = 1000;
/** As many manifests as have room for their sizes here. */
const maxScanned = 20_000;
const maxLarge = 1000;
/** How long a question waits for manifests to be read; the reading continues, for later questions. */
const defaultScanWaitMs = 250;

/**
 * The sizes that manifests give, by repository, since only those who may push to it can give a wrong one. They follow from
 * digests, so they never go stale, and what is forgotten is read again. A hint: if nothing is known, nothing is refused.
 */
export class BlobSizes {
  readonly #store: Store;
  readonly #scanWaitMs: number;
  readonly #verdicts: BlobVerdicts;
  readonly #sizes = new BoundedMap<string, number | "contradictory">(maxSizes);
  readonly #learned = new BoundedMap<string, true>(maxManifests);
  readonly #scans = new Map<RepositoryName, Promise<void>>();
  readonly #large = new BoundedMap<RepositoryName, true>(maxLarge);

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
    const manifest = keyOf(name, digest);
    if (this.#learned.get(manifest) === true) return;
    const parsed = await parseManifestInTurns(bytes, undefined);
    this.#learned.set(manifest, true);
    if ("problem" in parsed) return;
    for (const blob of parsed.manifest.blobs) {
      // Nobody compared the size of a layer that lies elsewhere.
      if (!isStoredElsewhere(blob)) this.#note(keyOf(name, blob.digest), blob.sizeBytes);
    }
  }

  /** The size that manifests read so far give; undefined if none names the blob, or they contradict each other. */
  get(name: RepositoryName, digest: Digest): number | undefined {
    const size = this.#sizes.get(keyOf(name, digest));
    return size === "contradictory" ? undefined : size;
  }

  /** Whether a manifest of the repository names the blob; the stored ones are read if none is known to. */
  async isNamed(name: RepositoryName, digest: Digest): Promise<boolean> {
    const key = keyOf(name, digest);
    if (this.#sizes.get(key) === undefined) await this.#scanOnce(name);
    return this.#sizes.get(key) !== undefined;
  }

  /** Whether the size is the one that manifests give, or none gives one, or the manifests are wrong and not the blob. */
  async isWhole(name: RepositoryName, digest: Digest, sizeBytes: number): Promise<boolean> {
    // Where objects are put by requests there is nothing that was cut off.
    if (!this.#store.changes.isExclusive || !(await this.isNamed(name, digest))) return true;
    const expected = this.get(name, digest);
    if (expected === undefined || expected === sizeBytes) return true;
    // registry:2 compares no sizes, so that it may hold manifests that say wrong ones.
    return await this.#verdicts.isWhole(digest);
  }

  /** Refuses with BLOB_UNKNOWN a blob of another size than the manifests say: it is damaged, and a push heals it. */
  async refuseCutOff(name: RepositoryName, digest: Digest, sizeBytes: number): Promise<void> {
    if (await this.isWhole(name, digest, sizeBytes)) return;
    throw new RegistryError("BLOB_UNKNOWN", {
      message: "the stored blob is damaged: its size differs from what a manifest says; push it again",
      detail: { name, digest, actual: sizeBytes },
    });
  }

  #note(key: string, sizeBytes: number): void {
    const known = this.#sizes.get(key);
    if (known !== sizeBytes) this.#sizes.set(key, known === undefined ? sizeBytes : "contradictory");
  }

  /** Again for each unknown blob, since its manifest may have come through another process. */
  async #scanOnce(name: RepositoryName): Promise<void> {
    if (this.#large.get(name) === true) return;
    const scan = this.#scans.get(name) ?? this.#startScan(name);
    this.#scans.set(name, scan);
    await scan;
  }

  /** Resolves when the manifests that are there have been read, or it takes too long. */
  #startScan(name: RepositoryName): Promise<void> {
    const scanning = this.#scan(name).finally(() => this.#scans.delete(name));
    return Promise.race([scanning, pause(this.#scanWaitMs, undefined, { ref: false })]);
  }

  async #scan(name: RepositoryName): Promise<void> {
    let count = 0;
    for await (const digest of listRevisionNames(this.#store, name)) {
      count += 1;
      if (count > maxScanned) break;
      await stepAside();
      if (this.#learned.get(keyOf(name, digest)) === true) continue;
      const stored = await openRevision(this.#store, name, digest);
      if (stored !== undefined) await this.learn(name, stored);
    }
    if (count > manyManifests) this.#large.set(name, true);
  }
}

function keyOf(name: RepositoryName, digest: Digest): string {
  return `${name}@${digest}`;
}
