// The bytes of a blob from its upstream. If an answer breaks off, the rest is asked for.
import { setTimeout as pause } from "node:timers/promises";
import { type LeastRate, RateMeter } from "../lib/least-rate.ts";
import type { Digest } from "../oci/digest.ts";
import { RegistryError } from "../oci/errors.ts";

/** Part of a blob as it arrives. */
export interface BlobPart {
  /** Where the bytes start: at the offset asked for, or at 0 if the upstream does not support ranges. */
  readonly startBytes: number;
  /** The size of the whole blob, if the upstream says it. */
  readonly totalBytes: number | undefined;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** How to ask for a blob. */
export interface OpenBlobOptions {
  readonly offset: number;
  readonly signal: AbortSignal;
  /** Asks even while the upstream rests after a failure. */
  readonly isUrgent: boolean;
}

/** One blob at one upstream. */
export interface BlobSource {
  /** The upstream's host, for messages. */
  readonly host: string;
  /** The upstream's address, which marks the repositories it fills. */
  readonly upstream: string;
  readonly digest: Digest;
  /** The size that a manifest gives, if one is known. */
  readonly expectedBytes: number | undefined;
  readonly pauseMs: number;
  readonly leastRate: LeastRate;
  /** Reports content that is not what was asked for, and returns the refusal. */
  readonly wrong: (how: string) => RegistryError;
  /** Undefined if the upstream does not have it. */
  readonly open: (options: OpenBlobOptions) => Promise<BlobPart | undefined>;
}

/** Which bytes to receive. */
export interface ReceiveOptions {
  readonly offset: number;
  readonly signal: AbortSignal;
  /** Called with the size of the whole blob once it is known. */
  readonly onTotal: (totalBytes: number) => void;
}

/** The number of attempts in a row that may bring nothing. */
const maxFailures = 4;
const maxAttempts = 100;
/** The number of rate windows in a row that may be too slow. */
const maxSlowWindows = 2;
/** For a blob of unknown size. */
const maxUnknownBytes = 64 * 1024 ** 3;

/** The chunks from the offset on, none of them verified yet. */
export async function* receiveBlob(source: BlobSource, options: ReceiveOptions): AsyncGenerator<Uint8Array> {
  const reception = new Reception(source, options);
  while (!reception.isComplete) {
    // However the attempt ends, nothing more is read from its answer.
    const over = new AbortController();
    try {
      let askedMs = performance.now();
      const opened = await source.open(reception.begin(AbortSignal.any([options.signal, over.signal])));
      const part = reception.accept(opened, performance.now() - askedMs);
      askedMs = performance.now();
      for await (const chunk of part.chunks) {
        const missing = reception.take(chunk, performance.now() - askedMs);
        if (missing.length > 0) yield missing;
        askedMs = performance.now();
      }
      reception.finish(part);
    } catch (error) {
      over.abort();
      await reception.recover(error);
    } finally {
      over.abort();
    }
  }
}

/** How much of a blob has been received, and whether another attempt is worthwhile. */
class Reception {
  readonly #source: BlobSource;
  readonly #options: ReceiveOptions;
  readonly #meter: RateMeter;
  #position: number;
  #totalBytes: number | undefined;
  #attempts = 0;
  /** Attempts in a row that brought nothing. */
  #failures = 0;
  /** Where the attempt began. */
  #startBytes = 0;
  /** How much is still to be skipped: an upstream that does not support ranges sends everything again. */
  #skippedBytes = 0;
  /** Where an answer without a length ended. */
  #endBytes: number | undefined;

  constructor(source: BlobSource, options: ReceiveOptions) {
    this.#source = source;
    this.#options = options;
    this.#meter = new RateMeter(source.leastRate);
    this.#position = options.offset;
    this.#totalBytes = source.expectedBytes;
  }

  get isComplete(): boolean {
    return this.#position === this.#totalBytes;
  }

  /** Begins an attempt; returns what to ask for. */
  begin(signal: AbortSignal): OpenBlobOptions {
    this.#attempts += 1;
    this.#startBytes = this.#position;
    return { offset: this.#position, isUrgent: this.#attempts > 1, signal };
  }

  /** Checks the head of an answer. */
  accept(part: BlobPart | undefined, waitedMs: number): BlobPart {
    this.#meter.count(0, waitedMs);
    if (part === undefined) throw new RegistryError("BLOB_UNKNOWN", { detail: { digest: this.#source.digest } });
    this.#agreeOnTotal(part.totalBytes);
    this.#skippedBytes = this.#position - part.startBytes;
    return part;
  }

  #agreeOnTotal(totalBytes: number | undefined): void {
    const known = this.#totalBytes ?? totalBytes;
    if (known === undefined) return;
    if (totalBytes !== undefined && totalBytes !== known) {
      throw this.#source.wrong(`has ${totalBytes} bytes instead of ${known}`);
    }
    this.#totalBytes = known;
    this.#options.onTotal(known);
  }

  /** The new part of a chunk; throws if the blob is too slow (a new connection may be faster) or too long. */
  take(chunk: Uint8Array, waitedMs: number): Uint8Array {
    const { host, leastRate, wrong } = this.#source;
    if (this.#meter.count(chunk.length, waitedMs)) {
      const message = `${host} sends less than ${leastRate.bytesPerSecond} bytes in a second`;
      throw new RegistryError("UPSTREAM_TIMEOUT", { message });
    }
    const missing = chunk.subarray(Math.min(this.#skippedBytes, chunk.length));
    this.#skippedBytes -= chunk.length - missing.length;
    this.#position += missing.length;
    if (this.#position > (this.#totalBytes ?? maxUnknownBytes)) throw wrong("is longer than it should be");
    return missing;
  }

  /** Called when an answer ends. If no size is known, the blob ends there too. */
  finish(part: BlobPart): void {
    this.#totalBytes ??= this.#position;
    if (this.isComplete) return;
    if (part.totalBytes === undefined) this.#endBytes = this.#position;
    throw new RegistryError("UPSTREAM_UNREACHABLE", { message: `${this.#source.host} broke the blob off` });
  }

  /** Pauses after a failure, before the next attempt; throws if there is to be none. */
  async recover(error: unknown): Promise<void> {
    const { signal } = this.#options;
    this.#failures = this.#position > this.#startBytes ? 1 : this.#failures + 1;
    if (signal.aborted || !(error instanceof RegistryError)) throw error;
    if (passingCodes.includes(error.code) && !this.#isHopeless(error)) {
      const pauseMs = this.#source.pauseMs * 2 ** (this.#failures - 1);
      return await pause(pauseMs, undefined, { signal }).catch(() => {
        throw error;
      });
    }
    // The upstream ended it here twice: this is all there is.
    if (this.#endBytes === this.#position && endCodes.includes(error.code)) {
      throw this.#source.wrong(`ends after ${this.#position} bytes`);
    }
    throw error;
  }

  #isHopeless({ code }: RegistryError): boolean {
    // Clients have waited long enough for an upstream that has not answered at all.
    const isSilent = this.#attempts === 1 && this.#position === this.#options.offset && code === "UPSTREAM_TIMEOUT";
    const isExhausted = this.#failures >= maxFailures || this.#attempts >= maxAttempts;
    return isSilent || isExhausted || this.#meter.slowWindows >= maxSlowWindows;
  }
}

/** Failures that may be temporary. */
const passingCodes = ["UPSTREAM_UNREACHABLE", "UPSTREAM_TIMEOUT", "UPSTREAM_UNAVAILABLE"];
/** The body ended, or a range beyond its end was refused. */
const endCodes = ["UPSTREAM_UNREACHABLE", "UPSTREAM_INVALID"];
