// A journal: texts for recipients, kept on disk until each recipient has had them, also over a kill and a restart. Each
// process writes files of its own; the files of a process that died are taken over by another one.
//
//   <directory>/<time>-<uuid>.journal   see journal-file.ts
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { errorCode } from "../lib/system-error.ts";
import { openOwned, syncDescriptor } from "./descriptors.ts";
import type { Flock } from "./flock.ts";
import { JournalFile, type JournalPlace, type JournalText } from "./journal-file.ts";
import { makePrivateDirectory } from "./private-places.ts";

/** A record that waits for one recipient. */
export interface JournalEntry {
  readonly recipient: string;
  /** Whether it was given up to make room. */
  isDropped(): boolean;
  read(): string;
  /** The recipient has had it. */
  done(): void;
}

/** Where a journal lies and how large it may be. */
export interface JournalOptions {
  readonly directory: string;
  /** Undefined if the filesystem has no locks: then only one process may use the directory. */
  readonly flock: Flock | undefined;
  /** Whether what was appended survives a power cut (it survives a kill in any case). */
  readonly isDurable: boolean;
  /** When this is exceeded the oldest file is given up. */
  readonly maxBytes: number;
  /** After this many bytes the next file begins. */
  readonly fileBytes: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Receives records, in the order in which they were appended. */
  readonly take: (entry: JournalEntry) => void;
  /** Called when records were given up. */
  readonly noteDrop: () => void;
}

const ending = ".journal";
/** Another process may take a file over in the moment between its making and its locking. */
const maxTries = 5;

/** The journal of one process. */
export class Journal {
  readonly #options: JournalOptions;
  readonly #files: JournalFile[] = [];
  /** The file that is written to. */
  #current: JournalFile | undefined;
  #batch: JournalText[] = [];
  #next: Promise<void> | undefined;
  #writing: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  /** Returns when the record is on disk; those that come during a write go together in the next one. */
  append(text: JournalText): Promise<void> {
    this.#batch.push(text);
    this.#next ??= this.#writing.then(() => this.#write());
    return this.#next;
  }

  async #write(): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    this.#writing = this.#next?.catch(() => undefined) ?? this.#writing;
    this.#next = undefined;
    const file = await this.#openCurrent();
    try {
      const places = await file.append(batch, this.#options);
      for (const place of places) this.#options.take(this.#entryOf(file, place));
    } catch (error) {
      // A second sync of the same file would wrongly succeed.
      this.#current = undefined;
      this.#removeIfDone(file);
      throw error;
    }
    if (file.sizeBytes >= this.#options.fileBytes) {
      this.#current = undefined;
      this.#removeIfDone(file);
    }
    this.#makeRoom();
  }

  /** Takes over what processes left that died. */
  async takeOver(): Promise<void> {
    for (const name of listNames(this.#options.directory)) {
      const path = join(this.#options.directory, name);
      if (this.#isClosed || this.#files.some((file) => file.path === path)) continue;
      const file = takeOverFile(path, this.#options.flock);
      if (file === undefined) continue;
      const places = await file.scan();
      if (this.#isClosed) return file.close();
      this.#files.push(file);
      for (const place of places) this.#options.take(this.#entryOf(file, place));
      this.#removeIfDone(file);
    }
    // The oldest goes first when room is needed.
    this.#files.sort((one, other) => (one.path < other.path ? -1 : 1));
    this.#makeRoom();
  }

  /** Lets go of the files; what waits in them is for the next process. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await (this.#next ?? this.#writing);
    this.#current = undefined;
    for (const file of [...this.#files]) {
      this.#removeIfDone(file);
      if (this.#files.includes(file)) file.close();
    }
    this.#files.length = 0;
  }

  #entryOf(file: JournalFile, place: JournalPlace): JournalEntry {
    return new OpenEntry(file, place, this.#noteDone);
  }

  readonly #noteDone = (file: JournalFile, place: JournalPlace): void => {
    if (file.isDropped || this.#isClosed) return;
    file.markDone(place);
    this.#removeIfDone(file);
  };

  #removeIfDone(file: JournalFile): void {
    if (file.waitingCount > 0 || file === this.#current) return;
    this.#forget(file);
  }

  #forget(file: JournalFile): void {
    const index = this.#files.indexOf(file);
    if (index < 0) return;
    this.#files.splice(index, 1);
    file.remove();
  }

  #makeRoom(): void {
    let totalBytes = this.#files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    let isDropping = false;
    for (const file of [...this.#files]) {
      if (totalBytes <= this.#options.maxBytes || file === this.#current) break;
      totalBytes -= file.sizeBytes;
      file.isDropped = true;
      isDropping = true;
      this.#forget(file);
    }
    if (isDropping) this.#options.noteDrop();
  }

  async #openCurrent(): Promise<JournalFile> {
    if (this.#current !== undefined) return this.#current;
    const { directory, flock, now, isDurable } = this.#options;
    makePrivateDirectory(directory);
    for (let tries = 0; tries < maxTries; tries += 1) {
      const name = `${now().toString().padStart(15, "0")}-${crypto.randomUUID()}${ending}`;
      const file = JournalFile.create(join(directory, name), flock);
      if (file === undefined) continue;
      this.#files.push(file);
      this.#current = file;
      // The directory may be new as well.
      if (isDurable) await Promise.all([syncDirectory(directory), syncDirectory(dirname(directory))]);
      return file;
    }
    throw new Error(`no file of a journal can be locked in ${directory}`);
  }
}

/** There may be a hundred thousand of them, so an object without closures. */
class OpenEntry implements JournalEntry {
  readonly #file: JournalFile;
  readonly #place: JournalPlace;
  readonly #noteDone: (file: JournalFile, place: JournalPlace) => void;

  constructor(file: JournalFile, place: JournalPlace, noteDone: (file: JournalFile, place: JournalPlace) => void) {
    this.#file = file;
    this.#place = place;
    this.#noteDone = noteDone;
  }

  get recipient(): string {
    return this.#place.recipient;
  }

  isDropped(): boolean {
    return this.#file.isDropped;
  }

  read(): string {
    return this.#file.read(this.#place);
  }

  done(): void {
    this.#noteDone(this.#file, this.#place);
  }
}

/** In the order in which they were made. */
function listNames(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
      .filter((name) => name.endsWith(ending))
      .sort();
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
}

function takeOverFile(path: string, flock: Flock | undefined): JournalFile | undefined {
  try {
    return JournalFile.takeOver(path, flock);
  } catch (error) {
    // Done and removed by another process; or not a file of ours.
    if (["ENOENT", "ELOOP", "EISDIR"].includes(errorCode(error) ?? "")) return undefined;
    throw error;
  }
}

async function syncDirectory(path: string): Promise<void> {
  using owner = new DisposableStack();
  await syncDescriptor(openOwned(owner, path, "r"));
}
