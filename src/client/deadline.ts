// A time limit on a whole exchange with an upstream: redirects, tokens and body together. A trickle does not extend it.
import { RegistryError } from "../oci/errors.ts";

/** Aborts its signal when the time is up, unless it is disposed of first. */
export class Deadline implements Disposable {
  readonly #abort = new AbortController();
  readonly #timer: Timer;

  constructor(limitMs: number, host: string) {
    const reason = new RegistryError("UPSTREAM_TIMEOUT", { message: `${host} does not answer in time` });
    this.#timer = setTimeout(() => this.#abort.abort(reason), limitMs);
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}

/** The outcome of the work, or the signal's reason if that comes first. The work continues for its other callers. */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const stop = () => reject(signal.reason);
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([aborted, work]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
