// Blobs of a cached repository: from the cache, or else through one download that all their readers share.

import type { BlobSource } from "../client/receive.ts";
import { type Digest, digestAlgorithm } from "../oci/digest.ts";
import { RegistryError } from "../oci/errors.ts";
import { startHash } from "../oci/hash.ts";
import type { RepositoryName } from "../oci/name.ts";
import type { BlobSizes } from "../registry/blob-sizes.ts";
import type { ArrivingBlob, FoundBlob } from "../registry/blobs.ts";
import { adoptBlob, noteUse } from "../registry/cached.ts";
import { statBlob } from "../registry/find-blob.ts";
import type { Repository } from "../registry/repository.ts";
import type { Store } from "../registry/store.ts";
import type { Download } from "./download.ts";
import type { Part } from "./download-progress.ts";
import type { Downloads } from "./downloads.ts";
import type { Report } from "./events.ts";
import { passThrough } from "./pass-through.ts";
import type { UpstreamRepository } from "./routing.ts";
import type { Upstream } from "./upstream.ts";

/** What cached blobs need. */
export interface CachedBlobsOptions {
  readonly store: Store;
  readonly report: Report;
  readonly sizes: BlobSizes;
  /** Those of all cached repositories. */
  readonly downloads: Downloads;
  /** A use is not recorded again within this time of the last one. */
  readonly useStepMs: number;
}

/** A cached repository and its upstream. */
export interface CachedRepository extends UpstreamRepository<Upstream> {
  readonly name: RepositoryName;
  /** What the cache has of it. */
  readonly local: Repository;
}

/** The blobs of one cached repository. */
export class CachedBlobs {
  readonly #repository: CachedRepository;
  readonly #options: CachedBlobsOptions;

  constructor(repository: CachedRepository, options: CachedBlobsOptions) {
    this.#repository = repository;
    this.#options = options;
  }

  /** Opens the blob for reading. */
  async open(digest: Digest): Promise<FoundBlob | ArrivingBlob> {
    const { report, sizes, downloads } = this.#options;
    const { name } = this.#repository;
    const found = await this.#openLocal(digest);
    report({ kind: "pull", type: "blob", isHit: found !== undefined });
    const stored = found ?? (await this.#openShared(digest));
    if (stored !== undefined) return this.#noteSent(stored);
    const reason = await downloads.room.whyNot(sizes.get(name, digest) ?? 0);
    if (reason !== undefined) return this.#openUncached(digest, reason);
    const download = await downloads.join(name, this.#sourceOf(digest), () => this.#confirm(digest));
    const adopted = (await download.begun()) === "stored" ? await this.#adopt(digest) : undefined;
    if (adopted !== undefined) return this.#noteSent(adopted);
    return {
      digest,
      sizeBytes: download.progress.totalBytes ?? sizes.get(name, digest),
      read: (range) => downloads.count(() => this.#openArriving(download, digest, range)),
    };
  }

  /** A blob that is still arriving is counted as it is sent. */
  #noteSent(stored: FoundBlob): FoundBlob {
    this.#options.report({ kind: "sent", type: "blob", sizeBytes: stored.sizeBytes });
    return stored;
  }

  /** The blob's size: from the cache, or else from upstream without fetching the blob. */
  async promise(digest: Digest): Promise<{ readonly sizeBytes: number }> {
    const { name, local } = this.#repository;
    try {
      return await local.blobs.promise(digest);
    } catch (error) {
      if (!isUnknownBlob(error)) throw error;
    }
    const there = await this.#statUpstream(digest);
    const sizeBytes = there.sizeBytes ?? this.#options.sizes.get(name, digest);
    if (sizeBytes !== undefined) return { sizeBytes };
    // If the upstream does not say, the blob has to be fetched first.
    const source = this.#sourceOf(digest);
    const download = await this.#options.downloads.join(name, source, () => this.#confirm(digest));
    await download.done;
    return local.blobs.promise(digest);
  }

  async #openLocal(digest: Digest): Promise<FoundBlob | undefined> {
    const { store, useStepMs } = this.#options;
    const { name, local } = this.#repository;
    try {
      const found = await local.blobs.open(digest);
      await noteUse(store, name, { kind: "blob", digest, stepMs: useStepMs });
      return "content" in found ? found : undefined;
    } catch (error) {
      if (isUnknownBlob(error)) return undefined;
      throw error;
    }
  }

  /** Opens a blob that another repository has. Only the upstream can say whether this one may have it too. */
  async #openShared(digest: Digest): Promise<FoundBlob | undefined> {
    const { name, upstream } = this.#repository;
    const isJoined = this.#options.downloads.isJoined(name, { upstream: upstream.url.href, digest });
    if (isJoined || !(await this.#isStored(digest))) return undefined;
    // It may just have arrived.
    const found = await this.#openLocal(digest);
    if (found !== undefined) return found;
    await this.#confirm(digest);
    return this.#adopt(digest);
  }

  /** Links the stored blob here and opens it; undefined if its bytes are gone again. */
  async #adopt(digest: Digest): Promise<FoundBlob | undefined> {
    const { name, upstream } = this.#repository;
    const found = await this.#openLocal(digest);
    if (found !== undefined) return found;
    const isAdopted = await adoptBlob(this.#options.store, name, { digest, upstream: upstream.url.href });
    return isAdopted ? this.#mustOpen(digest) : undefined;
  }

  /** The bytes of a download, or of the stored blob once the download is over and its file closed. */
  async #openArriving(download: Download, digest: Digest, range?: Part): Promise<AsyncIterable<Uint8Array>> {
    if (!download.isOver) return download.progress.read(range);
    const { content } = await this.#mustOpen(digest);
    return (range === undefined ? content : content.slice(range.start, range.end)).stream();
  }

  /** Bytes of another size than a manifest gives were cut short by a crash: they count as missing. */
  async #isStored(digest: Digest): Promise<boolean> {
    const { store, sizes } = this.#options;
    const stat = await statBlob(store, digest);
    return stat !== undefined && (await sizes.isWhole(this.#repository.name, digest, stat.sizeBytes));
  }

  async #mustOpen(digest: Digest): Promise<FoundBlob> {
    const found = await this.#openLocal(digest);
    if (found === undefined) throw new RegistryError("UNAVAILABLE", { message: "the blob was evicted; try again" });
    return found;
  }

  #sourceOf(digest: Digest): BlobSource {
    const { name, upstream, remoteName } = this.#repository;
    const { host, url, times } = upstream;
    return {
      host,
      upstream: url.href,
      digest,
      expectedBytes: this.#options.sizes.get(name, digest),
      pauseMs: times.pauseMs,
      leastRate: times.leastRate,
      wrong: (how) => {
        this.#options.report({ kind: "wrong", upstream: host, what: `${name}@${digest}`, reason: how });
        return new RegistryError("UPSTREAM_INVALID", {
          message: `what ${host} sent as ${digest} ${how}`,
          detail: { digest },
        });
      },
      open: upstream.openBlob.bind(upstream, remoteName, digest),
    };
  }

  /** What upstream says of the blob; throws if the repository does not have it there. */
  async #statUpstream(digest: Digest): Promise<{ readonly sizeBytes: number | undefined }> {
    const { name, upstream, remoteName } = this.#repository;
    const there = await upstream.statBlob(remoteName, digest);
    if (there === undefined) throw new RegistryError("BLOB_UNKNOWN", { detail: { name, digest } });
    return there;
  }

  /** Asks upstream whether the repository has a blob that others have fetched. While it cannot answer, a cached manifest will do. */
  async #confirm(digest: Digest): Promise<void> {
    try {
      await this.#statUpstream(digest);
    } catch (error) {
      const { sizes } = this.#options;
      if (isUnknownBlob(error) || !(await sizes.isNamed(this.#repository.name, digest))) throw error;
    }
  }

  async #openUncached(digest: Digest, reason: string): Promise<ArrivingBlob> {
    const { report, downloads } = this.#options;
    report({ kind: "uncached", what: digest, reason });
    const source = this.#sourceOf(digest);
    const { sizeBytes } = await this.#statUpstream(digest);
    const open = (range?: Part) => passThrough(source, { range, hash: startHash(digestAlgorithm(digest)) });
    return { digest, sizeBytes, read: (range) => downloads.count(async () => open(range)) };
  }
}

function isUnknownBlob(error: unknown): boolean {
  return error instanceof RegistryError && error.code === "BLOB_UNKNOWN";
}
