// Who does a kind of work at the moment: it keeps two from doing the same work, and nothing hangs on it. A holder that
// slept for too long may find another one at it, and goes on.
import type { BucketObjects } from "./bucket-objects.ts";
import { putConditionally } from "./conditional-put.ts";

/** Who has it. */
interface Holding {
  /** Tells this holding from every other one. */
  readonly id: string;
  readonly note: string;
}

/** How to take it. */
export interface LeaseOptions {
  readonly key: string;
  readonly note: string;
  readonly newId: () => string;
  /** Without a sign of life for so long, it is free. */
  readonly lifetimeMs: number;
}

const maxBytes = 64 * 1024;

/** A lease that was taken; it has to be kept now and then. */
export class Lease implements AsyncDisposable {
  readonly #objects: BucketObjects;
  readonly #key: string;
  readonly #bytes: Uint8Array;
  readonly lifetimeMs: number;
  #etag: string;
  #keptMs: number;

  constructor(
    objects: BucketObjects,
    held: Pick<LeaseOptions, "key" | "lifetimeMs"> & { readonly bytes: Uint8Array; readonly etag: string },
  ) {
    this.#objects = objects;
    this.#key = held.key;
    this.#bytes = held.bytes;
    this.lifetimeMs = held.lifetimeMs;
    this.#etag = held.etag;
    this.#keptMs = objects.client.options.clock.now();
  }

  /** Shows that the holder lives, if that was long ago; false if somebody else has it now. */
  async keep(): Promise<boolean> {
    const nowMs = this.#objects.client.options.clock.now();
    if (nowMs - this.#keptMs < this.lifetimeMs / 4) return true;
    const outcome = await putConditionally(this.#objects, {
      key: this.#key,
      bytes: this.#bytes,
      expected: { etag: this.#etag },
    });
    if (!outcome.isPut) return false;
    this.#etag = outcome.etag;
    this.#keptMs = nowMs;
    return true;
  }

  /** Lets go, if nobody else has it. */
  async [Symbol.asyncDispose](): Promise<void> {
    const free = new TextEncoder().encode(JSON.stringify({ id: "", note: "" } satisfies Holding));
    await putConditionally(this.#objects, { key: this.#key, bytes: free, expected: { etag: this.#etag } }).catch(
      () => {},
    );
  }
}

/** Keeps a lease for as long as the holder needs it, who has something else to do. */
export function keepLease(lease: Lease): AsyncDisposable {
  const timer = setInterval(() => void lease.keep().catch(() => {}), lease.lifetimeMs / 4);
  // It is no reason for a program to go on.
  timer.unref();
  return {
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      await lease[Symbol.asyncDispose]();
    },
  };
}

/** Takes it, or tells what its holder has noted. */
export async function takeLease(
  objects: BucketObjects,
  options: LeaseOptions,
): Promise<Lease | { readonly heldBy: string }> {
  const { key, note, newId, lifetimeMs } = options;
  const found = await objects.read(key, maxBytes);
  const holding = parseHolding(found?.bytes);
  const ageMs = objects.client.options.clock.now() - (found?.stat.changedMs ?? 0);
  if (holding.id !== "" && ageMs < lifetimeMs) return { heldBy: holding.note };
  const bytes = new TextEncoder().encode(JSON.stringify({ id: newId(), note } satisfies Holding));
  const expected = found === undefined ? "nothing" : found.stat;
  const outcome = await putConditionally(objects, { key, bytes, expected });
  if (outcome.isPut) return new Lease(objects, { key, bytes, lifetimeMs, etag: outcome.etag });
  return { heldBy: parseHolding((await objects.read(key, maxBytes))?.bytes).note };
}

/** What nobody can read nobody holds. */
function parseHolding(bytes: Uint8Array | undefined): Holding {
  try {
    const { id, note } = JSON.parse(new TextDecoder().decode(bytes)) as Partial<Record<string, unknown>>;
    if (typeof id === "string" && typeof note === "string") return { id, note };
  } catch {
    // Another program's, or none.
  }
  return { id: "", note: "" };
}
