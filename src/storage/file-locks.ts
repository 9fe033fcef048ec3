// Locks on a filesystem: lock files under flock, and holds on a kind of work. Without flock they keep apart only the
// tasks of this process.
import type { Flock } from "./flock.ts";
import type { KeyPaths } from "./key-paths.ts";
import { takeFileLock } from "./lock-files.ts";
import { MemoryLocks } from "./memory-locks.ts";
import { locksPlace } from "./places.ts";
import type { Lock, LockMode, Locks } from "./ports.ts";
import { takeWorkHold } from "./work-hold.ts";

/** The locks of one store; see the contract in ports.ts. */
export class FileLocks implements Locks {
  readonly #paths: KeyPaths;
  readonly #flock: Flock | undefined;
  readonly #locksHere = new MemoryLocks();

  constructor(paths: KeyPaths, flock: Flock | undefined) {
    this.#paths = paths;
    this.#flock = flock;
  }

  keepsProcessesApart(): boolean {
    return this.#flock !== undefined;
  }

  async take(name: string, mode: LockMode, { waitMs }: { readonly waitMs: number }): Promise<Lock | undefined> {
    if (this.#flock === undefined) return this.#locksHere.take(name, mode, waitMs);
    return takeFileLock(this.#flock, this.#paths.of(locksPlace), { name, mode, waitMs });
  }

  async hold(kind: string, note: string): Promise<Disposable | { readonly heldBy: string }> {
    if (this.#flock !== undefined) {
      await this.#paths.files.makeDirectory(this.#paths.of(kind));
      return takeWorkHold(this.#flock, this.#paths.of(`${kind}/lock`), note);
    }
    return (await this.#locksHere.take(`work ${kind}`, "alone", 0)) ?? { heldBy: "this process" };
  }
}
