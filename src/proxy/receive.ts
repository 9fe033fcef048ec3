// The bytes of a blob from its upstream. Where an answer breaks off, the rest is asked for.
import { setTimeout as pause } from "node:timers/promises";
import { type LeastRate, RateMeter } from "../lib/least-rate.ts";
import type { Digest } from "../oci/digest.ts";
import { RegistryError } from "../oci/errors.ts";

/** A piece of a blob as it comes. */
export interface BlobPart {
  /** Where the bytes begin: what was asked for, or 0 where the upstream knows no ranges. */
  readonly startBytes: number;
  /** Of the whole blob, where the upstream says it. */
  readonly totalBytes: number | undefined;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** Which part of a blob to ask for. */
export interface OpenBlobOptions {
  readonly offset: number;
  readonly signal: AbortSignal;
  /** Asks although the upstream rests after a failure. */
  readonly isUrgent: boolean;
}

/** One blob at one upstream. */
export interface BlobSource {
  /** The upstream's host, for messages. */
  readonly host: string;
  /** Its address, which marks the repositories that it fills. */
  readonly upstream: string;
  readonly digest: Digest;
  /** The size that a manifest gives, where one is known. */
  readonly expectedBytes: number | undefined;
  readonly pauseMs: number;
  readonly leastRate: LeastRate;
  /** The refusal of content that is not what was asked for; it is counted. */
  readonly wrong: (how: string) => RegistryError;
  /** Undefined: the upstream does not have it. */
  readonly open: (options: OpenBlobOptions) => Promise<BlobPart | undefined>;
}

/** Which bytes to receive. */
export interface ReceiveOptions {
  readonly offset: number;
  readonly signal: AbortSignal;
  /** Told the size of the whole blob, once it is known. */
  readonly onTotal: (totalBytes: number) => void;
}

/** So many attempts in a row may bring nothing. */
const maxFailures = 4;
const maxAttempts = 100;
/** So many windows in a row may be too slow. */
const maxSlowWindows = 2;
/** A blob whose size nobody says. */
const maxUnknownBytes = 64 * 1024 ** 3;

/** The chunks from the offset on. None of them is verified. */
export async function* receiveBlob(source: BlobSource, options: ReceiveOptions): AsyncGenerator<Uint8Array> {
  const reception = new Reception(source, options);
  while (!reception.isComplete) {
    // However the attempt ends, nothing more is read from its answer.
    const over = new AbortController();
    try {
      const part = await reception.open(AbortSignal.any([options.signal, over.signal]));
      let askedMs = performance.now();
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

/** How far a blob is, and whether another attempt is worth it. */
class Reception {
  readonly #source: BlobSource;
  readonly #options: ReceiveOptions;
  readonly #meter: RateMeter;
  #position: number;
  #totalBytes: number | undefined;
  #attempts = 0;
  /** In a row, without a byte. */
  #failures = 0;
  /** Where the attempt began. */
  #startBytes = 0;
  /** What is left to be skipped: an upstream that knows no ranges sends everything again. */
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

  /** Begins an attempt. */
  async open(signal: AbortSignal): Promise<BlobPart> {
    const { digest, open } = this.#source;
    this.#attempts += 1;
    this.#startBytes = this.#position;
    const askedMs = performance.now();
    const part = await open({ offset: this.#position, isUrgent: this.#attempts > 1, signal });
    this.#meter.count(0, performance.now() - askedMs);
    if (part === undefined) throw new RegistryError("BLOB_UNKNOWN", { detail: { digest } });
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

  /** What is new in a chunk; throws where chunks come too slowly (a new connection may be faster), or too many of them. */
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

  /** Judges an answer that has ended: without any length, that is the end of the blob. */
  finish(part: BlobPart): void {
    this.#totalBytes ??= this.#position;
    if (this.isComplete) return;
    if (part.totalBytes === undefined) this.#endBytes = this.#position;
    throw new RegistryError("UPSTREAM_UNREACHABLE", { message: `${this.#source.host} broke the blob off` });
  }

  /** Pauses before the next attempt after a failure; throws where none is worth it. */
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
    // It ended there of its own accord, and there is no more to be had.
    if (this.#endBytes === this.#position && endCodes.includes(error.code)) {
      throw this.#source.wrong(`ends after ${this.#position} bytes`);
    }
    throw error;
  }

  #isHopeless({ code }: RegistryError): boolean {
    // Clients have waited long enough for an upstream that has not said a word.
    const isSilent = this.#attempts === 1 && this.#position === this.#options.offset && code === "UPSTREAM_TIMEOUT";
    const isExhausted = this.#failures >= maxFailures || this.#attempts >= maxAttempts;
    return isSilent || isExhausted || this.#meter.slowWindows >= maxSlowWindows;
  }
}

/** Failures that may pass. */
const passingCodes = ["UPSTREAM_UNREACHABLE", "UPSTREAM_TIMEOUT", "UPSTREAM_UNAVAILABLE"];
/** The body ended, or a Range behind its end was refused. */
const endCodes = ["UPSTREAM_UNREACHABLE", "UPSTREAM_INVALID"];
