// Blobs of cached repositories: from the cache where they are there, else through one shared transfer.
import { createSweeper } from "../lib/sweeper.ts";
import { type Digest, digestAlgorithm } from "../oci/digest.ts";
import { RegistryError } from "../oci/errors.ts";
import { startHash } from "../oci/hash.ts";
import type { RepositoryName } from "../oci/name.ts";
import type { ArrivingBlob, FoundBlob } from "../registry/blobs.ts";
import { adoptBlob, noteUse } from "../registry/cached.ts";
import { statBlob } from "../registry/find-blob.ts";
import type { Repository } from "../registry/repository.ts";
import type { Store } from "../registry/store.ts";
import { CacheRoom } from "./cache-room.ts";
import type { Report } from "./events.ts";
import { findNamed, type NamedSizes } from "./named-sizes.ts";
import { type BlobSource, passThrough } from "./receive.ts";
import type { Route } from "./routing.ts";
import { Transfer, type TransferOptions } from "./transfer.ts";
import type { Part } from "./transfer-progress.ts";
import type { Upstream } from "./upstream.ts";

/** What cached blobs take. */
export interface CachedBlobsOptions extends Omit<TransferOptions, "isCrowded" | "room"> {
  readonly store: Store;
  readonly report: Report;
  readonly sizes: NamedSizes;
  /** A blob larger than this is not cached. */
  readonly maxBytes: number;
  /** A use within this time of the last one is not noted again. */
  readonly useStepMs: number;
}

/** A cached repository and where it comes from. */
export interface CachedRepository {
  readonly name: RepositoryName;
  readonly route: Route<Upstream>;
  /** What is here of it. */
  readonly local: Repository;
}

/** A sweep takes a few milliseconds, so that a crowd alone has it done. */
const sweepBytes = 4 * 1024 * 1024;
/** More transfers or readers than this at once are a crowd. */
const fewStreams = 2;

/** The blobs of all cached repositories. */
export class CachedBlobs {
  readonly #options: CachedBlobsOptions;
  readonly #room: CacheRoom;
  /** By upstream and digest: what one upstream sends says nothing about another. */
  readonly #transfers = new Map<string, Transfer>();
  #readers = 0;

  constructor(options: CachedBlobsOptions) {
    const { store, maxBytes } = options;
    this.#options = options;
    this.#room = new CacheRoom({ space: () => store.driver.space(), maxBytes });
  }

  /** The blob, to be read. */
  async open(repository: CachedRepository, digest: Digest): Promise<FoundBlob | ArrivingBlob> {
    const { report } = this.#options;
    const found = await this.#openLocal(repository, digest);
    report({ kind: "pull", type: "blob", isHit: found !== undefined });
    const opened = found ?? (await this.#openCold(repository, digest));
    // What is on its way is counted as it goes out.
    if ("content" in opened) report({ kind: "sent", type: "blob", sizeBytes: opened.sizeBytes });
    return opened;
  }

  /** The blob's size: from the cache, else from upstream without fetching the blob. */
  async promise(repository: CachedRepository, digest: Digest): Promise<{ readonly sizeBytes: number }> {
    try {
      return await repository.local.blobs.promise(digest);
    } catch (error) {
      if (!isUnknownBlob(error)) throw error;
    }
    const { upstream, remoteName } = repository.route;
    const there = await upstream.statBlob(remoteName, digest);
    if (there === undefined) throw unknownBlob(repository.name, digest);
    const sizeBytes = there.sizeBytes ?? this.#options.sizes.get(repository.name, digest);
    if (sizeBytes !== undefined) return { sizeBytes };
    // An upstream that does not say sizes: the blob has to come first.
    const transfer = await this.#transfer(repository, digest);
    await transfer.done;
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
    const { store } = this.#options;
    const { name } = repository;
    const upstream = repository.route.upstream.url.href;
    const isStored = await this.#isStored(name, digest);
    if (isStored && this.#transfers.get(transferName(repository, digest))?.hasName(name) !== true) {
      // It may have come this moment. Else another repository has it; that this one may is for its upstream to say.
      const found = await this.#openLocal(repository, digest);
      if (found !== undefined) return found;
      await this.#confirm(repository, digest, { isStored });
      if (await adoptBlob(store, name, { digest, upstream })) return this.#mustOpen(repository, digest);
    }
    const reason = await this.#room.whyNot(sizes.get(name, digest) ?? 0);
    if (reason !== undefined) return this.#openUncached(repository, digest, reason);
    const transfer = await this.#begin(repository, digest);
    if ((await transfer.begun()) === "stored") {
      const found = await this.#openLocal(repository, digest);
      if (found !== undefined) return found;
      if (await adoptBlob(store, name, { digest, upstream })) return this.#mustOpen(repository, digest);
    }
    return {
      digest,
      sizeBytes: transfer.totalBytes ?? sizes.get(name, digest),
      read: (range) => this.#counted(this.#readArriving(repository, transfer, { digest, range })),
    };
  }

  /** Who begins to read when all has arrived and the file is closed reads the blob. */
  async *#readArriving(
    repository: CachedRepository,
    transfer: Transfer,
    { digest, range }: { readonly digest: Digest; readonly range: Part | undefined },
  ): AsyncGenerator<Uint8Array> {
    if (!transfer.isOver) return yield* transfer.read(range);
    const { content } = await this.#mustOpen(repository, digest);
    yield* (range === undefined ? content : content.slice(range.start, range.end)).stream();
  }

  /** Bytes of another size than a manifest says were cut off by a crash: as good as none, and fetched again. */
  async #isStored(name: RepositoryName, digest: Digest): Promise<boolean> {
    const { store, sizes } = this.#options;
    const stat = await statBlob(store, digest);
    if (stat === undefined) return false;
    const expectedBytes = sizes.get(name, digest) ?? (await findNamed(store, name, digest))?.sizeBytes;
    if (expectedBytes === undefined || expectedBytes === stat.sizeBytes) return true;
    sizes.set(name, digest, expectedBytes);
    return false;
  }

  /** A transfer that has begun. One for another repository that failed says nothing about this one's upstream. */
  async #begin(repository: CachedRepository, digest: Digest): Promise<Transfer> {
    const transfer = await this.#transfer(repository, digest);
    try {
      await transfer.begun();
      return transfer;
    } catch (error) {
      if (transfer.isFor(repository.name)) throw error;
      await transfer.done;
      return this.#transfer(repository, digest);
    }
  }

  async #mustOpen(repository: CachedRepository, digest: Digest): Promise<FoundBlob> {
    const found = await this.#openLocal(repository, digest);
    if (found === undefined) throw new RegistryError("UNAVAILABLE", { message: "the blob was evicted; try again" });
    return found;
  }

  /** Who joins a transfer for another repository needs its own upstream's word that it may have the blob. */
  async #transfer(repository: CachedRepository, digest: Digest): Promise<Transfer> {
    const key = transferName(repository, digest);
    const running = this.#transfers.get(key);
    if (running !== undefined && !running.hasName(repository.name)) {
      await this.#confirm(repository, digest, { isStored: false });
    }
    const transfer = this.#transfers.get(key) ?? this.#start(repository, digest);
    transfer.addName(repository.name, repository.route.upstream.url.href);
    return transfer;
  }

  #start(repository: CachedRepository, digest: Digest): Transfer {
    const key = transferName(repository, digest);
    const options = { ...this.#options, room: this.#room, isCrowded: () => this.#isCrowded() };
    const transfer = new Transfer(repository.name, this.#sourceOf(repository, digest), options);
    this.#transfers.set(key, transfer);
    void transfer.done.finally(() => {
      if (this.#transfers.get(key) === transfer) this.#transfers.delete(key);
    });
    return transfer;
  }

  #sourceOf(repository: CachedRepository, digest: Digest): BlobSource {
    const { upstream, remoteName } = repository.route;
    return {
      host: upstream.host,
      upstream: upstream.url.href,
      digest,
      expectedBytes: this.#options.sizes.get(repository.name, digest),
      pauseMs: upstream.times.pauseMs,
      leastRate: upstream.times.leastRate,
      wrong: (how) => {
        const { host } = upstream;
        this.#options.report({ kind: "wrong", upstream: host, what: `${repository.name}@${digest}`, reason: how });
        return new RegistryError("UPSTREAM_INVALID", {
          message: `what ${host} sent as ${digest} ${how}`,
          detail: { digest },
        });
      },
      open: (options) => upstream.openBlob(remoteName, digest, options),
    };
  }

  /** While the upstream is of no help, the word of a cached manifest of the repository counts. */
  async #confirm(
    { name, route }: CachedRepository,
    digest: Digest,
    { isStored }: { readonly isStored: boolean },
  ): Promise<void> {
    try {
      if ((await route.upstream.statBlob(route.remoteName, digest)) === undefined) throw unknownBlob(name, digest);
    } catch (error) {
      if (isUnknownBlob(error) || !isStored || !(await findNamed(this.#options.store, name, digest))) throw error;
    }
  }

  async #openUncached(repository: CachedRepository, digest: Digest, reason: string): Promise<ArrivingBlob> {
    this.#options.report({ kind: "uncached", what: digest, reason });
    const source = this.#sourceOf(repository, digest);
    const there = await repository.route.upstream.statBlob(repository.route.remoteName, digest);
    if (there === undefined) throw unknownBlob(repository.name, digest);
    const read = async function* (range: { readonly start: number; readonly end: number } | undefined) {
      const abort = new AbortController();
      try {
        yield* passThrough(source, { range, hash: startHash(digestAlgorithm(digest)), signal: abort.signal });
      } finally {
        abort.abort();
      }
    };
    return { digest, sizeBytes: there.sizeBytes, read: (range) => this.#counted(read(range)) };
  }

  async *#counted(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let sizeBytes = 0;
    const sweep = createSweeper(sweepBytes);
    this.#readers += 1;
    try {
      for await (const chunk of chunks) {
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
    return Math.max(this.#transfers.size, this.#readers) > fewStreams;
  }
}

function transferName({ route }: CachedRepository, digest: Digest): string {
  return `${route.upstream.url.href} ${digest}`;
}

function isUnknownBlob(error: unknown): boolean {
  return error instanceof RegistryError && error.code === "BLOB_UNKNOWN";
}

function unknownBlob(name: RepositoryName, digest: Digest): RegistryError {
  return new RegistryError("BLOB_UNKNOWN", { detail: { name, digest } });
}
