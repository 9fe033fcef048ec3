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
