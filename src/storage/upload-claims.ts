// Who wants which upload in this process: the newest request gets it. Older ones are asked to let go, or stop waiting.
import type { OpenUploadOptions } from "./ports.ts";
import { tryUntil } from "./wait.ts";

/** The claims of one process, by the path or key of the upload. */
export class UploadClaims {
  readonly #newest = new Map<string, AbortController>();
  readonly #held = new Set<string>();

  /**
   * Waits until nobody else in this process holds the upload and `take` succeeds; true when it is held now. Who does
   * not wait, such as a purge, asks nobody to let go.
   */
  async claim(path: string, { waitMs, preempted }: OpenUploadOptions, take: () => boolean): Promise<boolean> {
    if (waitMs > 0) {
      this.#newest.get(path)?.abort();
      this.#newest.set(path, preempted);
    }
    const isHeld = await tryUntil(() => {
      if (preempted.signal.aborted) return false;
      if (this.#held.has(path) || !take()) return undefined;
      this.#held.add(path);
      return true;
    }, waitMs);
    if (isHeld !== true) this.#forget(path, preempted);
    return isHeld === true;
  }

  /** Lets go of an upload that is held. */
  release(path: string, preempted: AbortController): void {
    this.#held.delete(path);
    this.#forget(path, preempted);
  }

  #forget(path: string, preempted: AbortController): void {
    if (this.#newest.get(path) === preempted) this.#newest.delete(path);
  }
}
