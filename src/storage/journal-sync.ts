// Syncing everything at once on a filesystem with an ordered journal: a change of a file without a name, and a sync of that
// file. The journal then has on disk every making, renaming and removing before it, of this process and of all others.
import { constants, fstatSync, fsync as fsyncCallback } from "node:fs";
import { promisify } from "node:util";
import { openOwned } from "./descriptors.ts";
import { disk } from "./disk-calls.ts";
import { hasOrderedJournal } from "./ordered-journal.ts";
import { privateFileMode } from "./private-places.ts";
import { SharedSync } from "./shared-sync.ts";

const fsync = promisify(fsyncCallback);

/** O_TMPFILE of Linux, but for the part that names a directory: a file that has no name, and goes with its descriptor. */
const namelessFile = 0o20000000;
const flags = constants.O_RDWR | constants.O_DIRECTORY | namelessFile;

/** The file that is synced. */
interface SyncedFile extends Disposable {
  readonly descriptor: number;
}

/** Stores are never closed: with one that is forgotten goes its file. */
const forgotten = new FinalizationRegistry<{ file: SyncedFile | undefined }>(({ file }) => file?.[Symbol.dispose]());

/** The journal of the filesystem that a directory lies on. */
export class JournalSync {
  /** What it covers: everything on this device. */
  readonly device: number;
  readonly #directory: string;
  readonly #open: { file: SyncedFile | undefined };
  readonly #shared = new SharedSync(() => this.#sync());

  private constructor(directory: string, file: SyncedFile) {
    this.#directory = directory;
    this.#open = { file };
    this.device = fstatSync(file.descriptor).dev;
    forgotten.register(this, this.#open);
  }

  /** Undefined if the filesystem is not known to have such a journal, or takes no file now. */
  static open(directory: string, isOrdered = hasOrderedJournal(directory)): JournalSync | undefined {
    if (!isOrdered) return undefined;
    try {
      return new JournalSync(directory, openNameless(directory));
    } catch {
      return undefined;
    }
  }

  /** Returns when all that was made, renamed and removed before this call is on disk. All who ask meanwhile wait together. */
  sync(): Promise<void> {
    return this.#shared.run();
  }

  async #sync(): Promise<void> {
    const file = this.#open.file ?? openNameless(this.#directory);
    this.#open.file = file;
    try {
      const now = new Date();
      await disk.futimes(file.descriptor, now);
      await fsync(file.descriptor);
    } catch (error) {
      // A second sync of the same file would wrongly succeed.
      this.#open.file = undefined;
      file[Symbol.dispose]();
      throw error;
    }
  }
}

function openNameless(directory: string): SyncedFile {
  using owner = new DisposableStack();
  const descriptor = openOwned(owner, directory, flags, privateFileMode);
  const held = owner.move();
  return { descriptor, [Symbol.dispose]: () => held.dispose() };
}
