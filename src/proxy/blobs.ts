// Blobs of cached repositories: from the cache, or else through one download that all their readers share.

import type { BlobSource } from "../client/receive.ts";
import { createSweeper } from "../lib/sweeper.ts";
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
import { CacheRoom } from "./cache-room.ts";
import { Download, type DownloadOptions } from "./download.ts";
import type { Part } from "./download-progress.ts";
import type { Report } from "./events.ts";
import { passThrough } from "./pass-through.ts";
import type { UpstreamRepository } from "./routing.ts";
import type { Upstream } from "./upstream.ts";

/** What cached blobs need. */
export interface CachedBlobsOptions extends Omit<DownloadOptions, "isCrowded" | "room"> {
  readonly store: Store;
  readonly report: Report;
  readonly sizes: BlobSizes;
  /** A blob larger than this is not cached. */
  readonly maxBytes: number;
  /** A use is not recorded again within this time of the last one. */
  readonly useStepMs: number;
}

/** A cached repository and its upstream. */
export interface CachedRepository extends UpstreamRepository<Upstream> {
  readonly name: RepositoryName;
  /** What the cache has of it. */
  readonly local: Repository;
}

/** A sweep takes a few milliseconds, so it is made only when there is a crowd. */
const sweepBytes = 4 * 1024 * 1024;
/** More downloads or readers than this at once are a crowd. */
const fewStreams = 2;

/** The blobs of all cached repositories. */
export class CachedBlobs {
  readonly #options: CachedBlobsOptions;
  readonly #room: CacheRoom;
  /** By upstream and digest: bytes of one upstream say nothing about another. */
  readonly #downloads = new Map<string, Download>();
  #readers = 0;

  constructor(options: CachedBlobsOptions) {
    const { store, maxBytes } = options;
    this.#options = options;
    this.#room = new CacheRoom({ space: () => store.directory.space(), maxBytes });
  }

  /** Opens the blob for reading. */
  async open(repository: CachedRepository, digest: Digest): Promise<FoundBlob | ArrivingBlob> {
    const { report } = this.#options;
    const found = await this.#openLocal(repository, digest);
    report({ kind: "pull", type: "blob", isHit: found !== undefined });
    const opened = found ?? (await this.#openCold(repository, digest));
    // A blob that is still arriving is counted as it is sent.
    if ("content" in opened) report({ kind: "sent", type: "blob", sizeBytes: opened.sizeBytes });
    return opened;
  }

  /** The blob's size: from the cache, or else from upstream without fetching the blob. */
  async promise(repository: CachedRepository, digest: Digest): Promise<{ readonly sizeBytes: number }> {
    const { sizes } = this.#options;
    try {
      return await repository.local.blobs.promise(digest);
    } catch (error) {
      if (!isUnknownBlob(error)) throw error;
    }
    const there = await repository.upstream.statBlob(repository.remoteName, digest);
    if (there === undefined) throw unknownBlob(repository.name, digest);
    const sizeBytes = there.sizeBytes ?? sizes.get(repository.name, digest);
    if (sizeBytes !== undefined) return { sizeBytes };
    // If the upstream does not say, the blob has to be fetched first.
    const download = await this.#join(repository, digest);
    await download.done;
    return repository.local.blobs.promise(digest);
  }

  async #openLocal({ name, local }: CachedRepository, digest: Digest): Promise<FoundBlob | undefined> {
    const { store, useStepMs } = this.#options;
    try {
      const found = await local.blobs.open(digest);
      await noteUse(store, name, { kind: "blob", digest, stepMs: useStepMs });
      return "content" in found ? found : undefined;
    } catch (error) {
      if (isUnknownBlob(error)) return undefined;
      throw error;
    }
  }

  async #openCold(repository: CachedRepository, digest: Digest): Promise<FoundBlob | ArrivingBlob> {
    const { sizes } = this.#options;
    const { name } = repository;
    const shared = await this.#openShared(repository, digest);
    if (shared !== undefined) return shared;
    const reason = await this.#room.whyNot(sizes.get(name, digest) ?? 0);
    if (reason !== undefined) return this.#openUncached(repository, digest, reason);
    const download = await this.#begin(repository, digest);
    const stored = (await download.begun()) === "stored" ? await this.#adopt(repository, digest) : undefined;
    if (stored !== undefined) return stored;
    return {
      digest,
      sizeBytes: download.progress.totalBytes ?? sizes.get(name, digest),
      read: (range) => this.#count(() => this.#openArriving(repository, download, { digest, range })),
    };
  }

  /** Opens a blob that another repository has. Only the upstream can say whether this one may have it too. */
  async #openShared(repository: CachedRepository, digest: Digest): Promise<FoundBlob | undefined> {
    const isJoined = this.#downloads.get(keyOf(repository, digest))?.hasName(repository.name) === true;
    if (isJoined || !(await this.#isStored(repository.name, digest))) return undefined;
    // It may just have arrived.
    const found = await this.#openLocal(repository, digest);
    if (found !== undefined) return found;
    await this.#confirm(repository, digest, { isStored: true });
    return this.#adopt(repository, digest);
  }

  /** Links the stored blob here and opens it; undefined if its bytes are gone again. */
  async #adopt(repository: CachedRepository, digest: Digest): Promise<FoundBlob | undefined> {
    const { name, upstream } = repository;
    const found = await this.#openLocal(repository, digest);
    if (found !== undefined) return found;
    const isAdopted = await adoptBlob(this.#options.store, name, { digest, upstream: upstream.url.href });
    return isAdopted ? this.#mustOpen(repository, digest) : undefined;
  }

  /** The bytes of a download, or of the stored blob once the download is over and its file closed. */
  async #openArriving(
    repository: CachedRepository,
    download: Download,
    { digest, range }: { readonly digest: Digest; readonly range: Part | undefined },
  ): Promise<AsyncIterable<Uint8Array>> {
    if (!download.isOver) return download.progress.read(range);
    const { content } = await this.#mustOpen(repository, digest);
    return (range === undefined ? content : content.slice(range.start, range.end)).stream();
  }

  /** Bytes of another size than a manifest gives were cut short by a crash: they count as missing. */
  async #isStored(name: RepositoryName, digest: Digest): Promise<boolean> {
    const { store, sizes } = this.#options;
    const stat = await statBlob(store, digest);
    return stat !== undefined && (await sizes.isWhole(name, digest, stat.sizeBytes));
  }

  /** A download that has begun. The failure of one for another repository says nothing about this one. */
  async #begin(repository: CachedRepository, digest: Digest): Promise<Download> {
    const download = await this.#join(repository, digest);
    try {
      await download.begun();
      return download;
    } catch (error) {
      if (download.isFor(repository.name)) throw error;
      await download.done;
      return this.#join(repository, digest);
    }
  }

  async #mustOpen(repository: CachedRepository, digest: Digest): Promise<FoundBlob> {
    const found = await this.#openLocal(repository, digest);
    if (found === undefined) throw new RegistryError("UNAVAILABLE", { message: "the blob was evicted; try again" });
    return found;
  }

  /** Joins or starts a download. One for another repository is joined once this one's upstream confirms the blob. */
  async #join(repository: CachedRepository, digest: Digest): Promise<Download> {
    const key = keyOf(repository, digest);
    const { name, upstream } = repository;
    const running = this.#downloads.get(key);
    if (running !== undefined && !running.hasName(name)) await this.#confirm(repository, digest, { isStored: false });
    const joined = this.#downloads.get(key);
    if (joined !== undefined) {
      joined.addName(name, upstream.url.href);
      return joined;
    }
    const options = { ...this.#options, room: this.#room, isCrowded: () => this.#isCrowded() };
    const download = new Download(name, this.#sourceOf(repository, digest), options);
    this.#downloads.set(key, download);
    void download.done.finally(() => {
      if (this.#downloads.get(key) === download) this.#downloads.delete(key);
    });
    return download;
  }

  #sourceOf({ name, upstream, remoteName }: CachedRepository, digest: Digest): BlobSource {
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

  /** Asks upstream whether the repository has the blob. While upstream cannot answer, a cached manifest will do. */
  async #confirm(
    { name, upstream, remoteName }: CachedRepository,
    digest: Digest,
    { isStored }: { readonly isStored: boolean },
  ): Promise<void> {
    try {
      if ((await upstream.statBlob(remoteName, digest)) === undefined) throw unknownBlob(name, digest);
    } catch (error) {
      if (isUnknownBlob(error) || !isStored || !(await this.#options.sizes.isNamed(name, digest))) throw error;
    }
  }

  async #openUncached(repository: CachedRepository, digest: Digest, reason: string): Promise<ArrivingBlob> {
    this.#options.report({ kind: "uncached", what: digest, reason });
    const source = this.#sourceOf(repository, digest);
    const there = await repository.upstream.statBlob(repository.remoteName, digest);
    if (there === undefined) throw unknownBlob(repository.name, digest);
    const open = (range: Part | undefined) => passThrough(source, { range, hash: startHash(digestAlgorithm(digest)) });
    return { digest, sizeBytes: there.sizeBytes, read: (range) => this.#count(async () => open(range)) };
  }

  async *#count(open: () => Promise<AsyncIterable<Uint8Array>>): AsyncGenerator<Uint8Array> {
    let sizeBytes = 0;
    const sweep = createSweeper(sweepBytes);
    this.#readers += 1;
    try {
      for await (const chunk of await open()) {
        sizeBytes += chunk.length;
        yield chunk;
        if (this.#isCrowded()) sweep(chunk.length);
      }
    } finally {
      this.#readers -= 1;
      this.#options.report({ kind: "sent", type: "blob", sizeBytes });
    }
  }

  #isCrowded(): boolean {
    return Math.max(this.#downloads.size, this.#readers) > fewStreams;
  }
}

function keyOf({ upstream }: CachedRepository, digest: Digest): string {
  return `${upstream.url.href} ${digest}`;
}

function isUnknownBlob(error: unknown): boolean {
  return error instanceof RegistryError && error.code === "BLOB_UNKNOWN";
}

function unknownBlob(name: RepositoryName, digest: Digest): RegistryError {
  return new RegistryError("BLOB_UNKNOWN", { detail: { name, digest } });
}
