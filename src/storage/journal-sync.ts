// Syncing everything at once on a filesystem with an ordered journal: a change of a file without a name, and a sync of that
// file. The journal then has on disk every making, renaming and removing before it, of this process and of all others.
import { constants, fstatSync } from "node:fs";
import { openOwned, syncDescriptor } from "./descriptors.ts";
import { disk } from "./disk-calls.ts";
import { hasOrderedJournal } from "./ordered-journal.ts";
import { privateFileMode } from "./private-places.ts";
import { SharedSync } from "./shared-sync.ts";

/** O_TMPFILE of Linux, but for the part that names a directory: a file that has no name, and goes with its descriptor. */
const namelessFile = 0o20000000;
const flags = constants.O_RDWR | constants.O_DIRECTORY | namelessFile;

/** The journal of the filesystem that a directory lies on. */
export class JournalSync {
  /** What it covers: everything on this device. */
  readonly device: number;
  readonly #directory: string;
  readonly #shared = new SharedSync(() => this.#sync());

  private constructor(directory: string, device: number) {
    this.#directory = directory;
    this.device = device;
  }

  /** Undefined if the filesystem is not known to have such a journal, or takes no file now. */
  static open(directory: string, isOrdered = hasOrderedJournal(directory)): JournalSync | undefined {
    if (!isOrdered) return undefined;
    try {
      using owner = new DisposableStack();
      return new JournalSync(directory, fstatSync(openNameless(owner, directory)).dev);
    } catch {
      return undefined;
    }
  }

  /** Returns when all that was made, renamed and removed before this call is on disk. All who ask meanwhile wait together. */
  sync(): Promise<void> {
    return this.#shared.run();
  }

  /** By a file for each time: one that stays open keeps the disk from being made read-only, and is no use after a failure. */
  async #sync(): Promise<void> {
    using owner = new DisposableStack();
    const descriptor = openNameless(owner, this.#directory);
    await disk.futimes(descriptor, new Date());
    await syncDescriptor(descriptor);
  }
}

function openNameless(owner: DisposableStack, directory: string): number {
  return openOwned(owner, directory, flags, privateFileMode);
}
