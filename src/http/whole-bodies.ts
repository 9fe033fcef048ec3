// Request bodies that are read whole, such as manifests. Together they take a bounded part of memory, and each must
// arrive at a minimum rate: however many trickle, they do not keep others out for long.
import type { LeastRate } from "../lib/least-rate.ts";
import { releaseMemory } from "../lib/release-memory.ts";
import { RegistryError } from "../oci/errors.ts";
import { readChunks } from "./body.ts";

/** What whole bodies may use. */
export interface WholeBodyLimits {
  /** The least rate at which each has to arrive. */
  readonly bytesPerSecond: number;
  /** Over which time the rate is judged, and how long nothing may arrive at most. */
  readonly windowMs?: number;
  /** Bytes of all bodies that are arriving or being processed. */
  readonly maxHeldBytes?: number;
}

/** A body; disposal frees its room for others. */
export interface WholeBody extends Disposable {
  readonly bytes: Uint8Array;
  /** Frees the memory at once, for a caller who knows that nobody reads the bytes any more; they are empty then. */
  drop(): void;
}

/** Eight of the largest manifests, or two thousand ordinary ones. */
const usualHeldBytes = 32 * 1024 * 1024;
const usualWindowMs = 20_000;

const firstBytes = 16 * 1024;

/** The bodies of one server. */
export class WholeBodies {
  readonly #rate: LeastRate;
  readonly #maxHeldBytes: number;
  readonly #arriving = new Set<ArrivingBody>();
  #heldBytes = 0;

  constructor({ bytesPerSecond, windowMs = usualWindowMs, maxHeldBytes = usualHeldBytes }: WholeBodyLimits) {
    this.#rate = { bytesPerSecond, windowMs };
    this.#maxHeldBytes = maxHeldBytes;
  }

  /** The whole body; refuses it as soon as it exceeds `maxBytes`, is too slow, or finds no room. */
  async read(
    request: Request,
    { maxBytes, stallMs }: { readonly maxBytes: number; readonly stallMs: number },
  ): Promise<WholeBody> {
    const refusal = new RegistryError("TOO_LARGE", { detail: { maxBytes } });
    if (Number(request.headers.get("content-length") ?? 0) > maxBytes) throw refusal;
    const body = new ArrivingBody();
    this.#arriving.add(body);
    const rate = this.#rate;
    try {
      const progress = { stallMs: Math.min(stallMs, rate.windowMs), rate };
      for await (const chunk of readChunks(request.body, { ...progress, signal: body.signal })) {
        if (body.signal.aborted) break;
        if (body.sizeBytes + chunk.length > maxBytes) throw refusal;
        this.#makeRoom(body, Math.min(maxBytes, body.capacityFor(chunk.length)));
        body.add(chunk);
        releaseMemory([chunk]);
      }
      if (body.signal.aborted) throw busy();
      return { bytes: body.bytes(), drop: () => body.drop(), [Symbol.dispose]: () => this.#release(body) };
    } catch (error) {
      this.#release(body);
      body.drop();
      throw error;
    } finally {
      this.#arriving.delete(body);
    }
  }

  /** The body that has held the most for the longest is refused, never a small one that has just begun. */
  #makeRoom(body: ArrivingBody, capacity: number): void {
    while (this.#heldBytes - body.heldBytes + capacity > this.#maxHeldBytes) {
      const nowMs = performance.now();
      const weigh = (each: ArrivingBody) => each.heldBytes * (nowMs - each.sinceMs);
      const heaviest = [...this.#arriving].reduce((most, each) => (weigh(each) > weigh(most) ? each : most), body);
      if (heaviest === body) throw busy();
      this.#release(heaviest);
      heaviest.end();
    }
    this.#heldBytes += capacity - body.heldBytes;
    body.grow(capacity);
  }

  #release(body: ArrivingBody): void {
    this.#heldBytes -= body.heldBytes;
    body.heldBytes = 0;
  }
}

/** One buffer that grows with what has arrived: neither a declared length nor many small chunks use more. */
class ArrivingBody {
  readonly sinceMs = performance.now();
  readonly #end = new AbortController();
  #buffer = new ArrayBuffer(0);
  sizeBytes = 0;
  /** What it counts for. */
  heldBytes = 0;

  /** Aborted when it has to give way to others. */
  get signal(): AbortSignal {
    return this.#end.signal;
  }

  end(): void {
    this.#end.abort();
  }

  capacityFor(moreBytes: number): number {
    const neededBytes = this.sizeBytes + moreBytes;
    const { byteLength } = this.#buffer;
    return neededBytes <= byteLength ? byteLength : Math.max(firstBytes, 2 * byteLength, neededBytes);
  }

  grow(capacity: number): void {
    this.heldBytes = capacity;
    if (capacity > this.#buffer.byteLength) this.#buffer = this.#buffer.transfer(capacity);
  }

  add(chunk: Uint8Array): void {
    new Uint8Array(this.#buffer).set(chunk, this.sizeBytes);
    this.sizeBytes += chunk.length;
  }

  bytes(): Uint8Array {
    return new Uint8Array(this.#buffer, 0, this.sizeBytes);
  }

  /** Frees the memory at once rather than at the next garbage collection. */
  drop(): void {
    this.#buffer = this.#buffer.transfer(0);
  }
}

const closing = { headers: { Connection: "close" } };

function busy(): RegistryError {
  const message = "too many manifests are on their way at once; try again";
  return new RegistryError("UNAVAILABLE", { message, retryAfterSeconds: 1, ...closing });
}
