// Memory for parts that are filled or on their way: so much for the whole node, however many uploads there are.
import { usualPartBytes } from "./part-plan.ts";

/** Somebody who has memory. */
interface MemoryHolder {
  /** Gives back what it can do without for a while: asked when others wait. */
  readonly release: () => void;
}

interface MemoryWaiter {
  readonly sizeBytes: number;
  readonly goOn: (buffer: Uint8Array) => void;
}

/** How long whoever has memory may leave it unused while others wait. */
const patienceMs = 1000;

/** Buffers of one node, first come, first served. */
export class PartMemory {
  readonly #limitBytes: number;
  readonly #holders = new Set<MemoryHolder>();
  readonly #waiting: MemoryWaiter[] = [];
  /** Used again: new ones cost the system as much as the copying. */
  readonly #spare: Uint8Array[] = [];
  #usedBytes = 0;
  #timer: Timer | undefined;

  constructor(limitBytes: number) {
    this.#limitBytes = Math.max(limitBytes, 4 * usualPartBytes);
  }

  /** What is in use. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** A buffer of this size, as soon as there is room for it. */
  async take(sizeBytes: number): Promise<Uint8Array> {
    if (this.#waiting.length === 0 && this.#hasRoom(sizeBytes)) return this.#give(sizeBytes);
    const { promise, resolve } = Promise.withResolvers<Uint8Array>();
    this.#waiting.push({ sizeBytes, goOn: resolve });
    this.#timer ??= setInterval(() => this.#askHolders(), patienceMs);
    return await promise;
  }

  /** Gives a buffer back. */
  put(buffer: Uint8Array): void {
    this.#usedBytes -= buffer.length;
    if (buffer.length === usualPartBytes) this.#spare.push(buffer);
    for (let next = this.#waiting[0]; next !== undefined && this.#hasRoom(next.sizeBytes); next = this.#waiting[0]) {
      this.#waiting.shift();
      next.goOn(this.#give(next.sizeBytes));
    }
    if (this.#waiting.length > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    if (this.#usedBytes === 0) this.#spare.length = 0;
  }

  /** Who is asked when others wait. */
  join(holder: MemoryHolder): Disposable {
    this.#holders.add(holder);
    return { [Symbol.dispose]: () => void this.#holders.delete(holder) };
  }

  #hasRoom(sizeBytes: number): boolean {
    // The largest part has room when it is alone.
    return this.#usedBytes + sizeBytes <= this.#limitBytes;
  }

  #give(sizeBytes: number): Uint8Array {
    this.#usedBytes += sizeBytes;
    return (sizeBytes === usualPartBytes ? this.#spare.pop() : undefined) ?? new Uint8Array(sizeBytes);
  }

  #askHolders(): void {
    for (const holder of this.#holders) holder.release();
  }
}
