// Request bodies as chunks; a body that stalls is ended.
import { type LeastRate, RateMeter } from "../lib/least-rate.ts";
import { createPacer, inNextTurn } from "../lib/pacer.ts";
import { createSweeper } from "../lib/sweeper.ts";
import { RegistryError } from "../oci/errors.ts";

/** Whoever takes chunks gives their memory back; this is for those that are parts of something larger, and for what is refused. */
const sweepBytes = 16 * 1024 * 1024;

/** How long bodies may keep others waiting. */
const receiveMs = 4;

/** Each chunk costs the same however small: a body of this many tiny ones is an attack. */
const maxSmallChunks = 10_000;
const smallChunkBytes = 32;

/**
 * One for all bodies: the runtime reads a fast client's socket again and again, and a body that takes each chunk at once has
 * arrived as a whole before anybody else is served.
 */
const receive = createPacer(receiveMs, inNextTurn);

/** More bodies than this at once take each chunk as it comes: what waits to be taken lies in memory, for each of them. */
const mostPaced = 16;
let bodies = 0;

/** The progress that a body has to make. */
export interface RequiredProgress {
  /** How long nothing may arrive. */
  readonly stallMs: number;
  readonly rate: LeastRate;
}

/** The chunks of a body. Fails with UPLOAD_STALLED when it makes too little progress; ends quietly on the signal. */
export async function* readChunks(
  body: ReadableStream<Uint8Array> | null,
  { stallMs, rate, signal }: RequiredProgress & { readonly signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  if (body === null) return;
  const guard = new BodyGuard(rate);
  const reader = body.getReader();
  let isWaiting = false;
  let isStalled = false;
  const sweep = createSweeper(sweepBytes);
  const end = () => void reader.cancel().catch(() => undefined);
  const timer = setInterval(() => {
    // Time spent on the disk is not the client's.
    isStalled = isWaiting;
    if (isStalled) end();
  }, stallMs);
  signal.addEventListener("abort", end, { once: true });
  bodies += 1;
  try {
    while (!isStalled && !signal.aborted) {
      timer.refresh();
      isWaiting = true;
      const sinceMs = performance.now();
      const { done, value } = await reader.read();
      isWaiting = false;
      if (done) break;
      guard.count(value.length, performance.now() - sinceMs);
      yield value;
      if (bodies <= mostPaced) await receive();
      guard.refuseSlow();
      sweep(value.length);
    }
  } finally {
    bodies -= 1;
    clearInterval(timer);
    signal.removeEventListener("abort", end);
    reader.releaseLock();
  }
  if (isStalled) throw new RegistryError("UPLOAD_STALLED", { headers: { Connection: "close" } });
}

/** Judges the chunks of a body: neither too small nor too slow. */
class BodyGuard {
  readonly #rate: LeastRate;
  readonly #meter: RateMeter;
  #chunks = 0;
  #sizeBytes = 0;
  #isSlow = false;

  constructor(rate: LeastRate) {
    this.#rate = rate;
    this.#meter = new RateMeter(rate);
  }

  count(sizeBytes: number, waitedMs: number): void {
    this.#chunks += 1;
    this.#sizeBytes += sizeBytes;
    if (this.#chunks > maxSmallChunks && this.#sizeBytes < this.#chunks * smallChunkBytes) throw tooFine();
    this.#isSlow = this.#meter.count(sizeBytes, waitedMs);
  }

  /** After the chunk was taken: what has arrived is kept. */
  refuseSlow(): void {
    if (this.#isSlow) throw tooSlow(this.#rate);
  }
}

function tooFine(): RegistryError {
  const message = `the body comes in chunks of less than ${smallChunkBytes} bytes; send larger ones`;
  return new RegistryError("REQUEST_INVALID", { message, headers: { Connection: "close" } });
}

function tooSlow({ bytesPerSecond }: LeastRate): RegistryError {
  const message = `the body arrives at less than ${bytesPerSecond} bytes a second; send it again, faster`;
  return new RegistryError("UPLOAD_STALLED", { message, headers: { Connection: "close" } });
}
