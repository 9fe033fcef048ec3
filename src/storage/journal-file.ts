// One file of a journal. A record is a line, with a mark in front of each of its recipients:
//
//   .3f2a9c01d7e4+77ab01c2d3e4 {"text":"of one line"}
//
// "." waits, "+" is done. The process that works on the file holds a lock on it; when that process dies the lock falls,
// and another one may take the file over.
import { constants, fstatSync, read as readCallback, readSync, writeSync } from "node:fs";
import { promisify } from "node:util";
import { openOwned, syncBytes } from "./descriptors.ts";
import { unlinkIfThere, writeAll } from "./durable-file.ts";
import type { Flock } from "./flock.ts";
import { isStillAt } from "./lock-files.ts";
import { privateFileMode } from "./private-places.ts";

const read = promisify(readCallback);

/** What is to be recorded. */
export interface JournalText {
  /** Identifiers of 12 hexadecimal digits. */
  readonly recipients: readonly string[];
  /** Without a line break. */
  readonly text: string;
}

/** A record for one recipient who has not had it. */
export interface JournalPlace {
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

/** A file that this process has locked. */
export class JournalFile {
  readonly path: string;
  /** How many places are neither done nor given up. */
  waitingCount = 0;
  /** Its records are given up. */
  isDropped = false;
  #sizeBytes: number;
  readonly #descriptor: number;
  readonly #owner: Disposable;

  private constructor(path: string, descriptor: number, owner: Disposable) {
    this.path = path;
    this.#descriptor = descriptor;
    this.#owner = owner;
    this.#sizeBytes = fstatSync(descriptor).size;
  }

  /** Makes the file; undefined if another process took it over in the moment before it was locked. */
  static create(path: string, flock: Flock | undefined): JournalFile | undefined {
    return JournalFile.#open(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, flock);
  }

  /** Takes over a file that no process works on; undefined if one does, or the file is gone. */
  static takeOver(path: string, flock: Flock | undefined): JournalFile | undefined {
    return JournalFile.#open(path, constants.O_RDWR | constants.O_NOFOLLOW, flock);
  }

  static #open(path: string, flags: number, flock: Flock | undefined): JournalFile | undefined {
    using owner = new DisposableStack();
    const descriptor = openOwned(owner, path, flags, privateFileMode);
    const isOurs = flock === undefined || flock.tryLock(descriptor, "alone");
    return isOurs && isStillAt(descriptor, path) ? new JournalFile(path, descriptor, owner.move()) : undefined;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Adds records, durably if that is wanted. After a failure the file must not be added to again. */
  async append(texts: readonly JournalText[], { isDurable }: { readonly isDurable: boolean }): Promise<JournalPlace[]> {
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
    if (isDurable) await syncBytes(this.#descriptor);
    this.waitingCount += places.length;
    return places;
  }

  /** Every place that waits; a last line without its end was never acknowledged. */
  async scan(): Promise<JournalPlace[]> {
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
    this.waitingCount = places.length;
    return places;
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
    writeSync(this.#descriptor, done, 0, done.length, markOffset);
    this.waitingCount -= 1;
  }

  /** Removes the file. */
  remove(): void {
    unlinkIfThere(this.path);
    this.#owner[Symbol.dispose]();
  }

  /** Leaves the file to whoever takes it over. */
  close(): void {
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
