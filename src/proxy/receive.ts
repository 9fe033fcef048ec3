// The bytes of a blob from its upstream, from one end to the other: what breaks off is gone on with where it stopped.
import { setTimeout as pause } from "node:timers/promises";
import { type LeastRate, RateMeter, timeChunks } from "../lib/least-rate.ts";
import type { Digest } from "../oci/digest.ts";
import { RegistryError } from "../oci/errors.ts";
import type { RunningHash } from "../oci/hash.ts";
import type { BlobPart } from "./upstream.ts";

/** One blob at one upstream. */
export interface BlobSource {
  /** The upstream's host, for messages. */
  readonly host: string;
  /** Its address, which marks the repositories that it fills. */
  readonly upstream: string;
  readonly digest: Digest;
  /** The size that a manifest says, where one is known. */
  readonly expectedBytes: number | undefined;
  readonly pauseMs: number;
  readonly leastRate: LeastRate;
  /** The refusal of content that is not what was asked for; it is counted. */
  wrong(how: string): RegistryError;
  /** Undefined: the upstream does not have it. */
  open(options: {
    readonly offset: number;
    readonly signal: AbortSignal;
    readonly isUrgent: boolean;
  }): Promise<BlobPart | undefined>;
}

/** Where to go on from. */
export interface ReceiveOptions {
  readonly offset: number;
  readonly signal: AbortSignal;
  /** Hears the size of the whole blob, once it is known. */
  readonly onTotal: (totalBytes: number) => void;
}

/** Without a byte in between, a transfer is tried this often. */
const maxFailures = 4;
const maxAttempts = 100;
/** So many times in a row that it was too slow, it is given up. */
const maxSlowWindows = 2;
/** A blob whose size nobody says. */
const maxUnknownBytes = 64 * 1024 ** 3;
/** Kept back from readers until the blob is known to be right, so that a wrong one is never delivered whole. */
export const keptBackBytes = 64 * 1024;

/** The chunks from the offset on. Nothing of them is verified. */
export async function* receiveBlob(source: BlobSource, options: ReceiveOptions): AsyncGenerator<Uint8Array> {
  const meter = new RateMeter(source.leastRate);
  let position = options.offset;
  let totalBytes = source.expectedBytes;
  let failures = 0;
  let endBytes: number | undefined;
  for (let attempt = 1; position !== totalBytes; attempt += 1) {
    const startBytes = position;
    // Whatever ends the attempt, nobody reads on in its answer.
    const over = new AbortController();
    try {
      const signal = AbortSignal.any([options.signal, over.signal]);
      const part = await openPart(source, meter, { offset: position, isUrgent: attempt > 1, signal });
      totalBytes = agreeOnTotal(source, totalBytes, part);
      if (totalBytes !== undefined) options.onTotal(totalBytes);
      for await (const chunk of skipBytes(judgeRate(source, meter, part), position - part.startBytes)) {
        position += chunk.length;
        if (position > (totalBytes ?? maxUnknownBytes)) throw source.wrong("is longer than it should be");
        yield chunk;
      }
      if (totalBytes === undefined || position === totalBytes) return;
      if (part.totalBytes === undefined) endBytes = position;
      throw new RegistryError("UPSTREAM_UNREACHABLE", { message: `${source.host} broke the blob off` });
    } catch (error) {
      over.abort();
      failures = position > startBytes ? 1 : failures + 1;
      const isFirstWord = position === options.offset && attempt === 1;
      const isHopeless =
        failures >= maxFailures ||
        attempt >= maxAttempts ||
        meter.slowWindows >= maxSlowWindows ||
        (isFirstWord && isSilence(error));
      if (canGoOn(error) && !options.signal.aborted && !isHopeless) {
        await pause(source.pauseMs * 2 ** (failures - 1), undefined, { signal: options.signal }).catch(() => {
          throw error;
        });
        continue;
      }
      // It ended there of its own accord, and there is no more to be had.
      if (endBytes === position && !options.signal.aborted && isNoMore(error)) {
        throw source.wrong(`ends after ${position} bytes`);
      }
      throw error;
    } finally {
      over.abort();
    }
  }
}

async function openPart(
  source: BlobSource,
  meter: RateMeter,
  options: Parameters<BlobSource["open"]>[0],
): Promise<BlobPart> {
  const askedMs = performance.now();
  const part = await source.open(options);
  meter.count(0, performance.now() - askedMs);
  if (part !== undefined) return part;
  throw new RegistryError("BLOB_UNKNOWN", { detail: { digest: source.digest } });
}

/** The chunks of a part as long as they come fast enough. A new connection may be faster, so it is worth another try. */
async function* judgeRate(source: BlobSource, meter: RateMeter, part: BlobPart): AsyncGenerator<Uint8Array> {
  for await (const { chunk, waitedMs } of timeChunks(part.chunks)) {
    if (meter.count(chunk.length, waitedMs)) {
      const { bytesPerSecond } = source.leastRate;
      throw new RegistryError("UPSTREAM_TIMEOUT", {
        message: `${source.host} sends less than ${bytesPerSecond} bytes in a second`,
      });
    }
    yield chunk;
  }
}

function agreeOnTotal(source: BlobSource, known: number | undefined, part: BlobPart): number | undefined {
  if (known === undefined || part.totalBytes === undefined || part.totalBytes === known)
    return known ?? part.totalBytes;
  throw source.wrong(`has ${part.totalBytes} bytes instead of ${known}`);
}

/** An upstream that knows no ranges sends everything again. */
async function* skipBytes(chunks: AsyncIterable<Uint8Array>, count: number): AsyncGenerator<Uint8Array> {
  let left = count;
  for await (const chunk of chunks) {
    const rest = chunk.subarray(Math.min(left, chunk.length));
    left -= chunk.length - rest.length;
    if (rest.length > 0) yield rest;
  }
}

/** Clients have waited long enough for an upstream that does not say a word. */
function isSilence(error: unknown): boolean {
  return error instanceof RegistryError && error.code === "UPSTREAM_TIMEOUT";
}

/** The body ended, or a Range behind its end was refused. */
function isNoMore(error: unknown): boolean {
  return error instanceof RegistryError && ["UPSTREAM_UNREACHABLE", "UPSTREAM_INVALID"].includes(error.code);
}

function canGoOn(error: unknown): boolean {
  const codes = ["UPSTREAM_UNREACHABLE", "UPSTREAM_TIMEOUT", "UPSTREAM_UNAVAILABLE"];
  return error instanceof RegistryError && codes.includes(error.code);
}

/** What is delivered of a blob that is not cached. */
export interface UncachedOptions {
  readonly range: { readonly start: number; readonly end: number } | undefined;
  /** A hash of the bytes that the reader has from elsewhere; the rest is asked for. */
  readonly hash: RunningHash;
  readonly signal: AbortSignal;
}

/** Chunks for one reader, hashed as they pass; the last ones come only when all are right. */
export async function* passThrough(
  source: BlobSource,
  { range, hash, signal }: UncachedOptions,
): AsyncGenerator<Uint8Array> {
  const end = range?.end ?? Number.POSITIVE_INFINITY;
  let position = Math.max(hash.sizeBytes, 0);
  const start = Math.max(range?.start ?? 0, position);
  const kept: Uint8Array[] = [];
  let keptBytes = 0;
  const cut = (chunk: Uint8Array) => {
    const from = position;
    position += chunk.length;
    return chunk.subarray(
      Math.max(0, Math.min(start - from, chunk.length)),
      Math.max(0, Math.min(end - from, chunk.length)),
    );
  };
  for await (const chunk of receiveBlob(source, { offset: hash.sizeBytes, signal, onTotal: () => undefined })) {
    hash.update(chunk);
    kept.push(chunk);
    keptBytes += chunk.length;
    for (let first = kept[0]; first !== undefined && keptBytes - first.length >= keptBackBytes; first = kept[0]) {
      kept.shift();
      keptBytes -= first.length;
      const piece = cut(first);
      if (piece.length > 0) yield piece;
    }
  }
  if (hash.digest() !== source.digest) throw source.wrong("has another digest");
  for (const piece of kept.map(cut)) if (piece.length > 0) yield piece;
}
