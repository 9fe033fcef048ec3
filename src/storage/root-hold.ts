// The directory that a store was opened in, held open: it may be moved away, or its disk unmounted, while paths go on to
// lead somewhere. What is written there then would be missing when the directory is back.
import { fstatSync, type Stats, statSync } from "node:fs";
import { openOwned } from "./descriptors.ts";

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

  constructor(path: string) {
    this.#path = path;
    const owner = new DisposableStack();
    this.#descriptor = openOwned(owner, path, "r");
    forgotten.register(this, owner);
    this.#known = fstatSync(this.#descriptor);
  }

  /** The same as `check`, unless that was done a moment ago. */
  checkLately(): void {
    const nowMs = performance.now();
    if (nowMs - this.#lookedMs >= lookMs) this.check();
  }

  /** Throws ESTALE if something else, or nothing, is in the directory's place. */
  check(): void {
    // What is found may be older than the end of the call, and never than its beginning.
    const nowMs = performance.now();
    this.#look();
    this.#lookedMs = nowMs;
  }

  #look(): void {
    const found = statSync(this.#path, { throwIfNoEntry: false });
    if (isSame(found, this.#known)) return;
    this.#known = fstatSync(this.#descriptor);
    if (isSame(found, this.#known)) return;
    throw Object.assign(
      new Error(
        `ESTALE: ${this.#path} is not the directory that was opened: that was moved, or its disk was unmounted`,
      ),
      { code: "ESTALE" },
    );
  }
}

function isSame(found: Stats | undefined, known: Pick<Stats, "dev" | "ino">): boolean {
  return found !== undefined && found.ino === known.ino && found.dev === known.dev;
}
