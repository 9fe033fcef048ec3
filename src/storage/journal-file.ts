// One file of a journal. A record is a line, with a mark in front of each of its recipients:
//
//   .3f2a9c01d7e4+77ab01c2d3e4 {"text":"of one line"}
//
// "." waits, "+" is done. The process that works on the file holds a lock on it; when that process dies the lock falls,
// and another one may take the file over.
import { constants, fstatSync, read as readCallback, readSync, writeSync } from "node:fs";
import { basename } from "node:path";
import { promisify } from "node:util";
import { openOwned, syncBytes } from "./descriptors.ts";
import { unlinkIfThere, writeAll } from "./durable-file.ts";
import type { Flock } from "./flock.ts";
import type { JournalEntry, JournalSegment, JournalText, SegmentHolder } from "./journal-segments.ts";
import { isStillAt } from "./lock-files.ts";
import { privateFileMode } from "./private-places.ts";

const read = promisify(readCallback);

/** A record for one recipient who has not had it. */
interface JournalPlace {
  readonly recipient: string;
  readonly markOffset: number;
  readonly offset: number;
  readonly lengthBytes: number;
}

const recipientForm = /([.+])([0-9a-f]{12})/g;
const headForm = /^((?:[.+][0-9a-f]{12})+) /;
const markedLength = 13;
/** Of a thousand recipients. */
const maxHeadLength = 13_001;
const lineFeed = 10;
const done = new TextEncoder().encode("+");

/** Where a file lies, and how it is worked on. */
export interface JournalFileOptions {
  readonly path: string;
  /** Undefined if the filesystem has no locks: then only one process may use the directory. */
  readonly flock: Flock | undefined;
  /** Whether what was appended survives a power cut (it survives a kill in any case). */
  readonly isDurable: boolean;
  readonly noteDone: SegmentHolder["noteDone"];
}

/** A file that this process has locked. */
export class JournalFile implements JournalSegment {
  readonly name: string;
  readonly #options: JournalFileOptions;
  readonly #descriptor: number;
  readonly #owner: Disposable;
  #waitingCount = 0;
  #sizeBytes: number;
  #isDropped = false;
  #isClosed = false;

  private constructor(options: JournalFileOptions, descriptor: number, owner: Disposable) {
    this.name = basename(options.path);
    this.#options = options;
    this.#descriptor = descriptor;
    this.#owner = owner;
    this.#sizeBytes = fstatSync(descriptor).size;
  }

  /** Makes the file; undefined if another process took it over in the moment before it was locked. */
  static create(options: JournalFileOptions): JournalFile | undefined {
    return JournalFile.#open(options, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL);
  }

  /** Takes over a file that no process works on; undefined if one does, or the file is gone. */
  static takeOver(options: JournalFileOptions): JournalFile | undefined {
    return JournalFile.#open(options, constants.O_RDWR | constants.O_NOFOLLOW);
  }

  static #open(options: JournalFileOptions, flags: number): JournalFile | undefined {
    const { path, flock } = options;
    using owner = new DisposableStack();
    const descriptor = openOwned(owner, path, flags, privateFileMode);
    const isOurs = flock === undefined || flock.tryLock(descriptor, "alone");
    return isOurs && isStillAt(descriptor, path) ? new JournalFile(options, descriptor, owner.move()) : undefined;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get waitingCount(): number {
    return this.#isDropped ? 0 : this.#waitingCount;
  }

  get isDropped(): boolean {
    return this.#isDropped;
  }

  async append(texts: readonly JournalText[]): Promise<readonly JournalEntry[]> {
    const lines = texts.map(({ recipients, text }) => {
      const head = `${recipients.map((recipient) => `.${recipient}`).join("")} `;
      return { recipients, head, bytes: new TextEncoder().encode(`${head}${text}\n`) };
    });
    const places = lines.flatMap(({ recipients, head, bytes }) => {
      const start = this.#sizeBytes;
      this.#sizeBytes += bytes.length;
      return placesOf(recipients, { start, headLength: head.length, lengthBytes: bytes.length - head.length - 1 });
    });
    // Nobody but this process writes, and always at the end.
    await writeAll(this.#descriptor, Buffer.concat(lines.map(({ bytes }) => bytes)));
    if (this.#options.isDurable) await syncBytes(this.#descriptor);
    this.#waitingCount += places.length;
    return places.map((place) => new FileEntry(this, place));
  }

  seal(): void {
    // A file is as good as before.
  }

  /** A last line without its end was never acknowledged. */
  async scan(): Promise<readonly JournalEntry[]> {
    const bytes = await this.#readAll();
    const places: JournalPlace[] = [];
    for (
      let start = 0, end = bytes.indexOf(lineFeed);
      end >= 0;
      start = end + 1, end = bytes.indexOf(lineFeed, start)
    ) {
      const head = headForm.exec(bytes.toString("latin1", start, Math.min(end, start + maxHeadLength)))?.[0];
      if (head === undefined) continue;
      const lengthBytes = end - start - head.length;
      const all = [...head.matchAll(recipientForm)];
      const found = placesOf(
        all.map(([, , recipient = ""]) => recipient),
        { start, headLength: head.length, lengthBytes },
      );
      places.push(...found.filter((_, index) => all[index]?.[1] === "."));
    }
    this.#waitingCount = places.length;
    return places.map((place) => new FileEntry(this, place));
  }

  /** The text of a record. */
  read({ offset, lengthBytes }: JournalPlace): string {
    // At once: nobody can close the file meanwhile.
    const buffer = Buffer.alloc(lengthBytes);
    let filled = 0;
    for (let count = -1; filled < lengthBytes && count !== 0; filled += count) {
      count = readSync(this.#descriptor, buffer, filled, lengthBytes - filled, offset + filled);
    }
    return buffer.toString("utf8", 0, filled);
  }

  /** Notes that the recipient has had the record; a power cut may take the note back. */
  markDone({ markOffset }: JournalPlace): void {
    if (this.#isDropped || this.#isClosed) return;
    writeSync(this.#descriptor, done, 0, done.length, markOffset);
    this.#waitingCount -= 1;
    this.#options.noteDone(this);
  }

  drop(): void {
    this.#isDropped = true;
  }

  remove(): void {
    unlinkIfThere(this.#options.path);
    this.#close();
  }

  async close(): Promise<void> {
    if (this.waitingCount === 0) this.remove();
    else this.#close();
  }

  #close(): void {
    this.#isClosed = true;
    this.#owner[Symbol.dispose]();
  }

  async #readAll(): Promise<Buffer> {
    const buffer = Buffer.alloc(this.#sizeBytes);
    let filled = 0;
    while (filled < buffer.length) {
      const { bytesRead } = await read(this.#descriptor, buffer, filled, buffer.length - filled, filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return buffer.subarray(0, filled);
  }
}

/** There may be a hundred thousand of them, so an object without closures. */
class FileEntry implements JournalEntry {
  readonly #file: JournalFile;
  readonly #place: JournalPlace;

  constructor(file: JournalFile, place: JournalPlace) {
    this.#file = file;
    this.#place = place;
  }

  get recipient(): string {
    return this.#place.recipient;
  }

  isDropped(): boolean {
    return this.#file.isDropped;
  }

  async read(): Promise<string> {
    return this.#file.read(this.#place);
  }

  done(): void {
    this.#file.markDone(this.#place);
  }
}

function placesOf(
  recipients: readonly string[],
  {
    start,
    headLength,
    lengthBytes,
  }: { readonly start: number; readonly headLength: number; readonly lengthBytes: number },
): JournalPlace[] {
  return recipients.map((recipient, index) => ({
    recipient,
    markOffset: start + index * markedLength,
    offset: start + headLength,
    lengthBytes,
  }));
}
