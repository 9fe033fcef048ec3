// The directory that a store was opened in, held open: it may be moved away, or its disk unmounted, while paths go on to
// lead somewhere. What is written there then would be missing when the directory is back.
import { fstatSync, type Stats, statSync } from "node:fs";
import { openOwned } from "./descriptors.ts";
import { disk } from "./disk-calls.ts";

/**
 * So long a look counts for calls that only look or prepare. A request makes dozens of them within it; whatever is about to be
 * acknowledged is looked at again.
 */
const lookMs = 1;

/** Stores are never closed: with one that is forgotten goes the descriptor of its root. */
const forgotten = new FinalizationRegistry<DisposableStack>((owner) => owner.dispose());

/**
 * A hold on a directory. The descriptor keeps its numbers from being given to another one, also if the filesystem
 * would find new ones for it each time (overlays), and a plain unmount from succeeding.
 */
export class RootHold {
  readonly #path: string;
  readonly #descriptor: number;
  /** Its numbers when they were last asked for: an overlay may change them when it copies the directory. */
  #known: Pick<Stats, "dev" | "ino">;
  #lookedMs = Number.NEGATIVE_INFINITY;
  /** A look on another thread, and what the last one has found wrong. */
  #looking: Promise<void> | undefined;
  #refusal: { readonly error: unknown } | undefined;

  constructor(path: string) {
    this.#path = path;
    const owner = new DisposableStack();
    this.#descriptor = openOwned(owner, path, "r");
    forgotten.register(this, owner);
    this.#known = fstatSync(this.#descriptor);
  }

  /**
   * Throws ESTALE if something else, or nothing, is in the directory's place, as far as was seen a moment ago. If the disk is slow,
   * as far as is known: a look is under way then.
   */
  checkLately(): void {
    const nowMs = performance.now();
    if (nowMs - this.#lookedMs < lookMs) return;
    if (!disk.isSlow()) {
      this.check();
      return;
    }
    this.#looking ??= this.confirm()
      .then(
        () => undefined,
        (error: unknown) => ({ error }),
      )
      .then((refusal) => {
        this.#refusal = refusal;
        this.#looking = undefined;
      });
    if (this.#refusal !== undefined) throw this.#refusal.error;
  }

  /** The same, seen now. */
  check(): void {
    // What is found may be older than the end of the call, and never than its beginning.
    const nowMs = performance.now();
    this.#judge(statSync(this.#path, { throwIfNoEntry: false }), nowMs);
  }

  /** The same, on another thread if the disk is slow. */
  async confirm(): Promise<void> {
    const nowMs = performance.now();
    this.#judge(await disk.stat(this.#path), nowMs);
  }

  #judge(found: Stats | undefined, seenMs: number): void {
    if (!isSame(found, this.#known)) {
      this.#known = fstatSync(this.#descriptor);
      if (!isSame(found, this.#known)) throw staleError(this.#path);
    }
    this.#refusal = undefined;
    this.#lookedMs = Math.max(this.#lookedMs, seenMs);
  }
}

function staleError(path: string): Error {
  return Object.assign(
    new Error(`ESTALE: ${path} is not the directory that was opened: that was moved, or its disk was unmounted`),
    { code: "ESTALE" },
  );
}

function isSame(found: Stats | undefined, known: Pick<Stats, "dev" | "ino">): boolean {
  return found !== undefined && found.ino === known.ino && found.dev === known.dev;
}
