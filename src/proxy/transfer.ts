// One transfer of a blob from an upstream to the disk, for everybody who wants the blob: in this process its readers
// share it, and other processes follow the same file. Nobody's leaving stops it.
import { digestAlgorithm } from "../oci/digest.ts";
import { RegistryError } from "../oci/errors.ts";
import { startHash } from "../oci/hash.ts";
import type { RepositoryName } from "../oci/name.ts";
import { type Arrival, followArrival, followStored, isArrivalHeld, openArrival } from "../registry/arrival.ts";
import { linkCachedBlob } from "../registry/cached.ts";
import { statBlob } from "../registry/find-blob.ts";
import { blobKey } from "../registry/layout.ts";
import type { Store } from "../registry/store.ts";
import type { CacheRoom, RoomClaim } from "./cache-room.ts";
import { Checkpoints } from "./checkpoints.ts";
import type { Report } from "./events.ts";
import { keepChunks } from "./keep-chunks.ts";
import { type BlobSource, receiveBlob } from "./receive.ts";
import { type Part, TransferProgress } from "./transfer-progress.ts";

/** What a transfer works with. */
export interface TransferOptions {
  readonly store: Store;
  readonly report: Report;
  readonly room: CacheRoom;
  /** How long it goes on without a reader. */
  readonly abandonMs: number;
  /** How long another process may bring nothing before its transfer is no longer waited for. */
  readonly patienceMs: number;
  /** Whether so much is under way that each has to take little memory. */
  readonly isCrowded: () => boolean;
}

const pollMs = 20;
/** How often it is looked whether the process that holds the transfer is still there, in polls. */
const pollsPerLook = 10;

/** A transfer under way. */
export class Transfer {
  /** Settles when nothing is written any more. */
  readonly done: Promise<void>;
  readonly #firstName: RepositoryName;
  /** The repositories that want it linked, and where each of them has it from. */
  readonly #names = new Map<RepositoryName, string>();
  readonly #source: BlobSource;
  readonly #options: TransferOptions;
  readonly #abort = new AbortController();
  readonly #progress: TransferProgress;
  readonly #claim: RoomClaim;
  #checkpoints: Checkpoints;
  #abandoning: Timer | undefined;
  #isStored = false;
  #isDone = false;

  constructor(name: RepositoryName, source: BlobSource, options: TransferOptions) {
    this.#firstName = name;
    this.#names.set(name, source.upstream);
    this.#source = source;
    this.#options = options;
    const claim = options.room.claim();
    this.#claim = claim;
    this.#progress = new TransferProgress(source, {
      onReaders: (readers) => this.#countReaders(readers),
      onClosed: () => options.room.release(claim),
    });
    this.#checkpoints = this.#startCheckpoints();
    this.#countReaders(0);
    this.done = this.#runToEnd();
  }

  /** The size of the blob, where it is known. */
  get totalBytes(): number | undefined {
    return this.#progress.totalBytes;
  }

  /** Has the blob linked in this repository too when it is there. */
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

  /** "stored": it is in the store. "arriving": it can be read, although not all of it is there. Throws where it failed. */
  async begun(): Promise<"stored" | "arriving"> {
    const progress = this.#progress;
    while (!this.#isDone) {
      if (progress.end?.kind === "spilled") return "arriving";
      if (progress.end === undefined && progress.availableBytes > 0) return "arriving";
      await progress.changed();
    }
    if (progress.end?.kind === "failed") throw progress.end.error;
    return this.#isStored ? "stored" : "arriving";
  }

  /** Whether there is nothing to be read here any more: it is in the store. */
  get isOver(): boolean {
    return this.#isStored && this.#progress.isClosed;
  }

  /** The bytes as they come; the last 64 KiB only when all of them are verified. */
  read(part?: Part): AsyncGenerator<Uint8Array> {
    return this.#progress.read(part);
  }

  #countReaders(count: number): void {
    clearTimeout(this.#abandoning);
    if (count > 0 || this.#isDone) return;
    this.#abandoning = setTimeout(() => this.#abort.abort(), this.#options.abandonMs);
  }

  async #runToEnd(): Promise<void> {
    try {
      await this.#run();
    } catch (error) {
      this.#progress.finish({ kind: "failed", error });
    }
    this.#isDone = true;
    clearTimeout(this.#abandoning);
    this.#progress.close();
  }

  async #run(): Promise<void> {
    for (;;) {
      if (await this.#isBlobThere()) return this.#takeStored();
      const arrival = await this.#openArrival();
      if (arrival === undefined) return;
      if (arrival === "busy") {
        if (!(await this.#watchOther())) return;
        continue;
      }
      using held = arrival;
      if (await this.#isBlobThere()) await held.discard();
      else if (await this.#own(held)) return;
    }
  }

  async #isBlobThere(): Promise<boolean> {
    const { digest, expectedBytes } = this.#source;
    const stat = await statBlob(this.#options.store, digest);
    return stat !== undefined && (expectedBytes === undefined || stat.sizeBytes === expectedBytes);
  }

  async #openArrival(): Promise<Arrival | "busy" | undefined> {
    try {
      return await openArrival(this.#options.store, this.#source);
    } catch (error) {
      this.#spill(error);
      return undefined;
    }
  }

  /**
   * Somebody has brought it. Where that is the file which is followed, who reads already reads on in it; what another
   * upstream or a push has brought says nothing about what came of this one so far.
   */
  async #takeStored(): Promise<void> {
    const { store } = this.#options;
    const { digest } = this.#source;
    const progress = this.#progress;
    if (progress.following?.isAt(blobKey(digest)) !== true) {
      if (progress.isReleased) throw givenUp(this.#source);
      progress.follow(await followStored(store, digest));
    }
    if (progress.following !== undefined) {
      progress.arrive(progress.following.sizeBytes());
      progress.finish({ kind: "right" });
    }
    this.#isStored = true;
    await this.#link();
    progress.finish({ kind: "right" });
  }

  /** Follows the file that another process writes, until it is gone or its writer may be; false: not waited for. */
  async #watchOther(): Promise<boolean> {
    const { store, patienceMs } = this.#options;
    const progress = this.#progress;
    await this.#follow();
    let grownMs = store.now();
    for (let poll = 1; progress.following?.isInPlace() === true; poll += 1) {
      const sizeBytes = progress.following.sizeBytes();
      if (sizeBytes > progress.arrivedBytes) {
        grownMs = store.now();
        progress.arrive(sizeBytes);
      } else if (poll % pollsPerLook === 0 && !(await isArrivalHeld(store, this.#source))) return true;
      if (store.now() - grownMs > patienceMs || this.#abort.signal.aborted) {
        this.#spill("another process holds the transfer and rests");
        return false;
      }
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
    return true;
  }

  /** Another file begins anew: who has read of the one before, which was no good, breaks off. */
  async #follow(): Promise<void> {
    if (this.#progress.following?.isInPlace() === true) return;
    if (this.#progress.isReleased) throw givenUp(this.#source);
    this.#progress.follow(await followArrival(this.#options.store, this.#source));
  }

  /** Receives what is missing. False: what an earlier holder left was no good, and is gone; begin anew. */
  async #own(arrival: Arrival): Promise<boolean> {
    await this.#follow();
    this.#progress.arrive(arrival.sizeBytes);
    this.#checkpoints = this.#startCheckpoints();
    this.#checkpoints.note(arrival.sizeBytes, () => arrival.forkHash());
    if ((await this.#receive(arrival)) === "full") return true;
    if (!arrival.isRight()) {
      await arrival.discard();
      if (arrival.isResumed && !this.#progress.isReleased) return false;
      throw this.#source.wrong("has another digest");
    }
    this.#progress.finish({ kind: "right" });
    await this.#commit(arrival);
    return true;
  }

  async #receive(arrival: Arrival): Promise<"complete" | "full"> {
    const startBytes = arrival.sizeBytes;
    const receiving = receiveBlob(this.#source, {
      offset: startBytes,
      signal: this.#abort.signal,
      onTotal: (totalBytes) => {
        this.#progress.announcedBytes = totalBytes;
      },
    });
    const { room, isCrowded } = this.#options;
    const [claim, checkpoints, progress] = [this.#claim, this.#checkpoints, this.#progress];
    try {
      const refusal = await keepChunks(receiving, { arrival, room, claim, checkpoints, progress, isCrowded });
      if (refusal === undefined) return "complete";
      this.#spill(refusal.reason);
      this.#abort.abort();
      await arrival.discard().catch(() => undefined);
      claim.heldBytes = 0;
      return "full";
    } catch (error) {
      // What came of wrong content is of no use; what came before a failure is gone on with by the next request.
      if (error instanceof RegistryError && error.code === "UPSTREAM_INVALID") await arrival.discard();
      throw error;
    } finally {
      this.#options.report({ kind: "received", type: "blob", sizeBytes: arrival.sizeBytes - startBytes });
    }
  }

  #spill(reason: unknown): void {
    this.#reportUncached(reason);
    this.#progress.finish({ kind: "spilled", checkpoints: this.#checkpoints });
  }

  #reportUncached(reason: unknown): void {
    this.#options.report({ kind: "uncached", what: this.#source.digest, reason: String(reason) });
  }

  #startCheckpoints(): Checkpoints {
    return new Checkpoints(startHash(digestAlgorithm(this.#source.digest)));
  }

  /** A disk that fails now costs the cache the blob, and nobody else: who still reads goes on by itself. */
  async #commit(arrival: Arrival): Promise<void> {
    try {
      await arrival.commit();
      this.#isStored = true;
      await this.#link();
    } catch (error) {
      if (this.#isStored) this.#reportUncached(error);
      else {
        this.#spill(error);
        await arrival.discard().catch(() => undefined);
      }
    }
  }

  async #link(): Promise<void> {
    const { digest } = this.#source;
    for (const [name, upstream] of this.#names) await linkCachedBlob(this.#options.store, name, { digest, upstream });
  }
}

function givenUp({ host, digest }: BlobSource): RegistryError {
  return new RegistryError("UNAVAILABLE", {
    message: `what came of ${digest} from ${host} was given up by the process that fetched it; try again`,
  });
}
