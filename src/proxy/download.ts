// One download of a blob from an upstream to the disk, for everybody who wants the blob: its readers in this process
// share it, and other processes follow the same file. It does not stop when a reader leaves.
import { setTimeout as pause } from "node:timers/promises";
import { type BlobSource, receiveBlob } from "../client/receive.ts";
import { digestAlgorithm } from "../oci/digest.ts";
import { RegistryError } from "../oci/errors.ts";
import { startHash } from "../oci/hash.ts";
import type { RepositoryName } from "../oci/name.ts";
import { type Arrival, followArrival, followStored, isArrivalHeld, openArrival } from "../registry/arrival.ts";
import { linkCachedBlob } from "../registry/cached.ts";
import { isBlobThere } from "../registry/find-blob.ts";
import { blobKey } from "../registry/layout.ts";
import type { Store } from "../registry/store.ts";
import { Batches } from "./batches.ts";
import type { CacheRoom, RoomClaim } from "./cache-room.ts";
import { Checkpoints } from "./checkpoints.ts";
import { abandoned, DownloadProgress } from "./download-progress.ts";
import type { Report } from "./events.ts";
import { takeTurn } from "./fetch-turn.ts";
import type { TurnTimes } from "./turn-times.ts";

/** What a download needs. */
export interface DownloadOptions {
  readonly store: Store;
  readonly report: Report;
  readonly room: CacheRoom;
  /** How long it continues without a reader, from the moment on at which bytes may come. */
  readonly abandonMs: number;
  /** How long another process's download may stall before it is no longer waited for. */
  readonly patienceMs: number;
  /** How long nodes wait for each other that cannot follow each other's downloads. */
  readonly turnTimes: TurnTimes;
  /** Whether so many downloads run that each has to use little memory. */
  readonly isCrowded: () => boolean;
  /** Throws unless the upstream has the blob in this repository: bytes that others have fetched do not say so. */
  readonly confirm: () => Promise<unknown>;
}

/** How an attempt ended: the blob is stored, it will not be, or the attempt has to be repeated. */
type Outcome = "stored" | "uncached" | "again";

const pollMs = 20;
/** After how many polls to check whether the other process is still alive. */
const pollsPerLook = 10;

/** A download under way. */
export class Download {
  readonly #firstName: RepositoryName;
  /** The repositories to link the blob in, with the upstream of each. */
  readonly #names = new Map<RepositoryName, string>();
  readonly #source: BlobSource;
  readonly #options: DownloadOptions;
  readonly #abort = new AbortController();
  readonly #done = Promise.withResolvers<void>();
  readonly #progress: DownloadProgress;
  readonly #claim: RoomClaim;
  #checkpoints: Checkpoints;
  #abandoning: Timer | undefined;
  #isStored = false;

  constructor(name: RepositoryName, source: BlobSource, options: DownloadOptions) {
    this.#firstName = name;
    this.#names.set(name, source.upstream);
    this.#source = source;
    this.#options = options;
    const claim = options.room.claim();
    this.#claim = claim;
    this.#progress = new DownloadProgress(source, {
      onReaders: (readers) => this.#abandonWithout(readers),
      onClosed: () => options.room.release(claim),
    });
    this.#checkpoints = this.#startCheckpoints();
  }

  /** Settles when writing has ended. */
  get done(): Promise<void> {
    return this.#done.promise;
  }

  /** The bytes as they arrive, and the size if it is known. */
  get progress(): Pick<DownloadProgress, "read" | "totalBytes"> {
    return this.#progress;
  }

  /** Links the blob in this repository too once it is stored. */
  addName(name: RepositoryName, upstream: string): void {
    this.#names.set(name, upstream);
  }

  /** Whether the blob is fetched from this repository's upstream. */
  isFor(name: RepositoryName): boolean {
    return this.#firstName === name;
  }

  /** Whether the repository is among those that the blob is fetched for. */
  hasName(name: RepositoryName): boolean {
    return this.#names.has(name);
  }

  /** Waits until the blob is stored, or there is something to read; throws if the download failed. */
  async begun(): Promise<"stored" | "arriving"> {
    const progress = this.#progress;
    while (!progress.isOver) {
      if (progress.end?.kind === "uncached") return "arriving";
      if (progress.end === undefined && progress.availableBytes > 0) return "arriving";
      await progress.changed();
    }
    if (progress.end?.kind === "failed") throw progress.end.error;
    return this.#isStored ? "stored" : "arriving";
  }

  /** Downloads the blob, or follows the process that does, until it is stored or will not be. Never throws. */
  async run(): Promise<void> {
    const { store } = this.#options;
    try {
      for (let outcome: Outcome = "again"; outcome === "again"; ) {
        if (await isBlobThere(store, this.#source)) outcome = await this.#takeStored();
        else {
          const opening = openArrival(store, this.#source);
          const arrival = await opening.catch((error: unknown) => this.#giveUpCaching(error));
          if (arrival === "busy") outcome = await this.#watchOther();
          else outcome = arrival === "uncached" ? arrival : await this.#receiveInTurn(arrival);
        }
      }
    } catch (error) {
      this.#progress.finish({ kind: "failed", error });
    }
    clearTimeout(this.#abandoning);
    this.#progress.close();
    this.#done.resolve();
  }

  /** Whether the blob is stored, and can no longer be read here. */
  get isOver(): boolean {
    return this.#isStored && this.#progress.isClosed;
  }

  #abandonWithout(readers: number): void {
    clearTimeout(this.#abandoning);
    if (readers > 0 || this.#progress.isOver) return;
    this.#abandoning = setTimeout(() => this.#abort.abort(), this.#options.abandonMs);
  }

  /**
   * Takes the stored blob. Readers continue in it where it is the file that they have been reading; a blob that a push
   * or another upstream stored says nothing about the bytes that came from this one.
   */
  async #takeStored(): Promise<Outcome> {
    const { digest } = this.#source;
    const progress = this.#progress;
    await this.#options.confirm();
    if (progress.file?.isAt(blobKey(digest)) !== true) {
      if (progress.isReleased) throw abandoned(this.#source);
      progress.readFrom(await followStored(this.#options.store, digest));
    }
    if (progress.file !== undefined) {
      progress.arrive(progress.file.sizeBytes());
      progress.finish({ kind: "verified" });
    }
    this.#isStored = true;
    await this.#link();
    progress.finish({ kind: "verified" });
    return "stored";
  }

  /** Follows the file that another process writes, until the file is gone or its writer seems to be. */
  async #watchOther(): Promise<Outcome> {
    const { store, patienceMs, confirm } = this.#options;
    const progress = this.#progress;
    await confirm();
    await this.#follow();
    let grownMs = store.now();
    for (let poll = 1; progress.file?.isInPlace() === true; poll += 1) {
      const sizeBytes = progress.file.sizeBytes();
      if (sizeBytes > progress.arrivedBytes) {
        grownMs = store.now();
        progress.arrive(sizeBytes);
      } else if (poll % pollsPerLook === 0 && !(await isArrivalHeld(store, this.#source))) return "again";
      if (store.now() - grownMs > patienceMs || this.#abort.signal.aborted) {
        return this.#giveUpCaching("the process that downloads it makes no progress");
      }
      await pause(pollMs);
    }
    return "again";
  }

  /** Follows the file that is there now. If it is a new one, readers who have had bytes of the old are cut off. */
  async #follow(): Promise<void> {
    if (this.#abandoning === undefined) this.#abandonWithout(0);
    if (this.#progress.file?.isInPlace() === true) return;
    if (this.#progress.isReleased) throw abandoned(this.#source);
    this.#progress.readFrom(await followArrival(this.#options.store, this.#source));
  }

  /** Receives it unless another node does, which may have it stored before long. */
  async #receiveInTurn(opened: Arrival): Promise<Outcome> {
    using arrival = opened;
    const [origin, name, progress, { signal }] = [this.#source, this.#firstName, this.#progress, this.#abort];
    const watched = await takeTurn({ ...this.#options, origin, name, progress, signal });
    return await watched(this.#receive(arrival));
  }

  /** Receives the rest, for as long as it can be kept. What arrived before a failure stays for the next request. */
  async #receive(arrival: Arrival): Promise<Outcome> {
    if (await isBlobThere(this.#options.store, this.#source)) {
      // The last holder has finished it.
      await arrival.discard();
      return "again";
    }
    await this.#follow();
    const offset = arrival.sizeBytes;
    const { isCrowded, report } = this.#options;
    this.#progress.arrive(offset);
    this.#checkpoints = this.#startCheckpoints();
    this.#checkpoints.note(offset, () => arrival.forkHash());
    const batches = new Batches({ write: (pieces) => this.#write(arrival, pieces), isCrowded });
    const onTotal = (totalBytes: number) => this.#progress.announce(totalBytes);
    try {
      const chunks = receiveBlob(this.#source, { offset, signal: this.#abort.signal, onTotal });
      for await (const chunk of chunks) await batches.add(chunk);
      await batches.flush();
    } catch (error) {
      await batches.flush();
      if (this.#progress.end?.kind === "uncached") return "uncached";
      if (error instanceof RegistryError && error.code === "UPSTREAM_INVALID") await arrival.discard();
      throw error;
    } finally {
      report({ kind: "received", type: "blob", sizeBytes: arrival.sizeBytes - offset });
    }
    return await this.#conclude(arrival);
  }

  async #conclude(arrival: Arrival): Promise<Outcome> {
    if (this.#progress.end?.kind === "uncached") return "uncached";
    if (arrival.isRight()) {
      this.#progress.finish({ kind: "verified" });
      return this.#commit(arrival);
    }
    await arrival.discard();
    // The bytes that an earlier holder left may be to blame.
    if (arrival.isResumed && !this.#progress.isReleased) return "again";
    throw this.#source.wrong("has another digest");
  }

  /** Writes a batch if there is room; otherwise the readers resume by themselves. */
  async #write(arrival: Arrival, pieces: readonly Uint8Array[]): Promise<void> {
    if (this.#progress.end !== undefined) return;
    const sizeBytes = arrival.sizeBytes + pieces.reduce((sum, piece) => sum + piece.length, 0);
    const growth = { arrivedBytes: sizeBytes, totalBytes: this.#progress.totalBytes };
    try {
      const reason = await this.#options.room.whyFull(this.#claim, growth);
      if (reason !== undefined) return await this.#stop(arrival, reason);
      await arrival.append(pieces);
    } catch (error) {
      return await this.#stop(arrival, error);
    }
    this.#checkpoints.note(arrival.sizeBytes, () => arrival.forkHash());
    this.#progress.arrive(arrival.sizeBytes);
  }

  async #stop(arrival: Arrival, reason: unknown): Promise<void> {
    this.#giveUpCaching(reason);
    this.#abort.abort();
    await arrival.discard().catch(() => undefined);
    this.#claim.heldBytes = 0;
  }

  /** A disk that fails here costs only the cache the blob: its readers resume by themselves. */
  async #commit(arrival: Arrival): Promise<Outcome> {
    try {
      await arrival.commit();
    } catch (error) {
      const outcome = this.#giveUpCaching(error);
      await arrival.discard().catch(() => undefined);
      return outcome;
    }
    this.#isStored = true;
    await this.#link().catch((error: unknown) => this.#reportUncached(error));
    return "stored";
  }

  #giveUpCaching(reason: unknown): "uncached" {
    this.#reportUncached(reason);
    this.#progress.finish({ kind: "uncached", checkpoints: this.#checkpoints });
    return "uncached";
  }

  #reportUncached(reason: unknown): void {
    this.#options.report({ kind: "uncached", what: this.#source.digest, reason: String(reason) });
  }

  #startCheckpoints(): Checkpoints {
    return new Checkpoints(startHash(digestAlgorithm(this.#source.digest)));
  }

  async #link(): Promise<void> {
    const { digest } = this.#source;
    for (const [name, upstream] of this.#names) await linkCachedBlob(this.#options.store, name, { digest, upstream });
  }
}
