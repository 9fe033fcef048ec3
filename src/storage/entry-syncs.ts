// Getting on disk what was made, renamed and removed in directories: by the filesystem's journal, all at once, or directory by
// directory if there is none that can be relied on, and on other disks below the root.
import { errorCode } from "../lib/system-error.ts";
import { openOwnedSoon, syncDescriptor } from "./descriptors.ts";
import { lookAt } from "./directories.ts";
import type { JournalSync } from "./journal-sync.ts";
import { SharedSync } from "./shared-sync.ts";

/** What has everything on one device on disk. */
export type Journaled = Pick<JournalSync, "device" | "sync">;

/** Whether a change is on disk when the call returns; otherwise no later than those after it, and for certain after `flush`. */
export interface Durability {
  readonly isDurable: boolean;
}

/** The syncs of one store. */
export class EntrySyncs {
  readonly #isDurable: boolean;
  /** Directories that are being synced one by one, by their paths. */
  readonly #syncs = new Map<string, SharedSync>();
  #journal: Journaled | undefined;
  /** How many changes were to be on disk later, and how many of these are. */
  #deferredCount = 0;
  #flushedCount = 0;

  constructor({ isDurable }: Durability) {
    this.#isDurable = isDurable;
  }

  /** From now on what lies on the journal's device is synced by it. */
  use(journal: Journaled | undefined): void {
    if (this.#isDurable) this.#journal = journal;
  }

  /** Whether whatever the journal syncs has everything before it on disk as well, also what other processes did. */
  get isOrdered(): boolean {
    return !this.#isDurable || this.#journal !== undefined;
  }

  /** Whether the journal has what is on this device. */
  isJournaled(device: number): boolean {
    return this.#journal?.device === device;
  }

  /** Flushes the entries of a directory; one that was removed meanwhile has none. */
  async sync(path: string): Promise<void> {
    if (!this.#isDurable) return;
    if (this.#journal === undefined) return this.#syncAlone(path);
    const stat = await lookAt(path);
    if (stat !== undefined) await this.settle({ path, device: stat.dev }, { isDurable: true });
  }

  /**
   * Before something is changed on this device: elsewhere it may come to the disk before anything that the journal still has to
   * write, so that has to be written first.
   */
  async precede(device: number): Promise<void> {
    if (!this.isJournaled(device)) await this.flush();
  }

  /** Flushes the entries of a directory that has just been changed, and whose device is known: now or later. */
  async settle(
    { path, device }: { readonly path: string; readonly device: number },
    { isDurable }: Durability,
  ): Promise<void> {
    if (!this.#isDurable) return;
    if (!this.isJournaled(device)) return this.#syncAlone(path);
    this.#deferredCount += 1;
    if (isDurable) await this.flush();
  }

  /** Returns when everything is on disk that was to be later. */
  async flush(): Promise<void> {
    const count = this.#deferredCount;
    if (count === this.#flushedCount) return;
    await this.#journal?.sync();
    this.#flushedCount = Math.max(this.#flushedCount, count);
  }

  /** With all who want the same directory synced. */
  async #syncAlone(path: string): Promise<void> {
    const shared = this.#syncs.get(path) ?? new SharedSync(() => syncOne(path));
    this.#syncs.set(path, shared);
    try {
      await shared.run();
    } finally {
      if (shared.isIdle) this.#syncs.delete(path);
    }
  }
}

/** The directory as it is now: who asked for it may have changed one that was in its place. */
async function syncOne(path: string): Promise<void> {
  using owner = new DisposableStack();
  let descriptor: number;
  try {
    descriptor = await openOwnedSoon(owner, path, "r");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return;
    throw error;
  }
  await syncDescriptor(descriptor);
}
