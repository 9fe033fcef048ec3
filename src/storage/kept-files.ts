// Copies of contents on this node's disk: so many bytes, those that were used last. Each was found right when it was
// made, and again when a process sees one that it did not make. Losing them loses nothing. Several processes share one
// directory:
//
//   <directory>/<ab>/<name>        a copy; its time is that of the last use, to the minute
//   <directory>/new/<identifier>   one that is being made, or was when its process died
import { mkdirSync } from "node:fs";
import { open, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { type Content, contentOf } from "../lib/content.ts";
import { stepAside } from "../lib/pacer.ts";
import { errorCode, messageOf } from "../lib/system-error.ts";
import { FillingFile } from "./filling-file.ts";
import { privateDirectoryMode, privateFileMode } from "./private-places.ts";

/** Tells whether bytes are what they should be. */
export interface ContentCheck {
  update(bytes: Uint8Array): void;
  isRight(): boolean;
}

/** What there is to be a copy of. */
export interface KeptSource {
  /** Of small letters and digits; 16 or more. */
  readonly name: string;
  readonly content: Content;
  readonly startCheck: () => ContentCheck;
}

/** Where copies are kept, and how many bytes of them. */
export interface KeptFilesOptions {
  readonly directory: string;
  readonly maxBytes: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Hears why something is not kept. */
  readonly report: (problem: string) => void;
}

/** What is being made may take this part of the room; a content that would take more is not kept. */
const maxPart = 4;
/** How many are being made at once; others are read where they come from. */
const maxFilling = 32;
/** How exact the time of the last use is. */
const noteEveryMs = 60_000;
/** Room is made each time that this part of it was added, so that several processes do not have to count together. */
const tidyPart = 100;
/** How much of the room is left in use then. */
const keptPart = 0.95;
/** Where copies lie, and what they are called: whatever else somebody has put there stays. */
const placeForm = /^[0-9a-z]{2}$/;
const nameForm = /^[0-9a-z]{16,}$/;
/** What died longer ago than this is removed. */
const leftoverMs = 24 * 3_600_000;

/** A copy that is being made. */
interface BegunCopy {
  readonly sizeBytes: number;
  /** Undefined if the disk does not take it. */
  readonly file: Promise<FillingFile | undefined>;
}

/** The copies. */
export class KeptFiles {
  readonly #options: KeptFilesOptions;
  readonly #filling = new Map<string, BegunCopy>();
  /** Copies that this process has found right, with the time when it last noted their use. */
  readonly #trusted = new Map<string, number>();
  readonly #checking = new Map<string, Promise<boolean>>();
  #addedBytes: number;
  #tidying: Promise<void> | undefined;

  constructor(options: KeptFilesOptions) {
    this.#options = options;
    mkdirSync(join(options.directory, "new"), { recursive: true, mode: privateDirectoryMode });
    // Who kept them before may have had more room.
    this.#addedBytes = options.maxBytes;
  }

  /** The copy; else the content itself, of which a copy is made while it is read. */
  async read(source: KeptSource): Promise<Content> {
    const { name, content } = source;
    if (!this.#filling.has(name) && (await this.#isKept(source))) {
      return contentOf(Bun.file(this.#pathOf(name)), content.sizeBytes);
    }
    const filling = this.#filling.get(name) ?? this.#begin(source);
    return (await filling?.file)?.content() ?? content;
  }

  async #isKept(source: KeptSource): Promise<boolean> {
    const { name, content } = source;
    const found = await stat(this.#pathOf(name)).catch(() => undefined);
    if (found === undefined || found.size !== content.sizeBytes) return false;
    if (!this.#trusted.has(name) && !(await this.#check(source))) return false;
    await this.#noteUse(name);
    return true;
  }

  /** A copy of another process, or of an earlier one, which may have been cut off or damaged since. */
  async #check(source: KeptSource): Promise<boolean> {
    const { name } = source;
    const running = this.#checking.get(name) ?? this.#compare(source).finally(() => this.#checking.delete(name));
    this.#checking.set(name, running);
    return await running;
  }

  async #compare({ name, content, startCheck }: KeptSource): Promise<boolean> {
    const path = this.#pathOf(name);
    const check = startCheck();
    try {
      for await (const bytes of contentOf(Bun.file(path), content.sizeBytes).stream()) {
        await stepAside();
        check.update(bytes);
      }
    } catch (error) {
      if (errorCode(error) !== "ENOENT") this.#options.report(`a copy cannot be read: ${path}: ${messageOf(error)}`);
      return false;
    }
    if (check.isRight()) return true;
    this.#options.report(`a copy on this node is damaged, and is made anew: ${path}`);
    await rm(path, { force: true }).catch(() => {});
    return false;
  }

  async #noteUse(name: string): Promise<void> {
    const nowMs = this.#options.now();
    if (nowMs - (this.#trusted.get(name) ?? 0) < noteEveryMs) return;
    this.#trusted.set(name, nowMs);
    await utimes(this.#pathOf(name), nowMs / 1000, nowMs / 1000).catch(() => {});
  }

  /** Undefined if there is no room for it. */
  #begin(source: KeptSource): BegunCopy | undefined {
    const { name, content } = source;
    const { sizeBytes } = content;
    const fillingBytes = this.#filling.values().reduce((sum, each) => sum + each.sizeBytes, sizeBytes);
    const hasRoom = fillingBytes <= this.#options.maxBytes / maxPart && this.#filling.size < maxFilling;
    if (sizeBytes === 0 || !hasRoom) return undefined;
    const filling = { sizeBytes, file: this.#open(source) };
    this.#filling.set(name, filling);
    void filling.file.then((file) => file === undefined && this.#filling.delete(name));
    return filling;
  }

  /** Undefined if the disk does not take it. */
  async #open({ name, content, startCheck }: KeptSource): Promise<FillingFile | undefined> {
    const path = join(this.#options.directory, "new", crypto.randomUUID());
    const check = startCheck();
    try {
      const handle = await open(path, "ax+", privateFileMode);
      const finish = async () => {
        if (!check.isRight()) throw new Error("the bytes are wrong");
        await handle.utimes(this.#options.now() / 1000, this.#options.now() / 1000);
        await handle.sync();
        return await this.#keep(path, { name, sizeBytes: content.sizeBytes });
      };
      const file = new FillingFile({ handle, source: content, update: (bytes) => check.update(bytes), finish });
      void this.#fill(file, { path, name });
      return file;
    } catch (error) {
      this.#options.report(`nothing can be kept in ${this.#options.directory}: ${messageOf(error)}`);
      return undefined;
    }
  }

  async #fill(file: FillingFile, { path, name }: { readonly path: string; readonly name: string }): Promise<void> {
    try {
      await file.fill();
    } catch (error) {
      this.#options.report(`a copy of ${name} could not be made: ${messageOf(error)}`);
      await rm(path, { force: true }).catch(() => {});
    } finally {
      this.#filling.delete(name);
    }
  }

  async #keep(
    path: string,
    { name, sizeBytes }: { readonly name: string; readonly sizeBytes: number },
  ): Promise<Content> {
    const place = this.#pathOf(name);
    mkdirSync(join(place, ".."), { recursive: true, mode: privateDirectoryMode });
    await rename(path, place);
    this.#trusted.set(name, this.#options.now());
    this.#addedBytes += sizeBytes;
    if (this.#isTidyDue()) this.#tidying ??= this.#tidyWhileDue();
    return contentOf(Bun.file(place), sizeBytes);
  }

  #isTidyDue(): boolean {
    return this.#addedBytes >= this.#options.maxBytes / tidyPart;
  }

  async #tidyWhileDue(): Promise<void> {
    while (this.#isTidyDue()) await this.#tidy();
    this.#tidying = undefined;
  }

  /** Makes room: the copies that were not used for the longest time go. */
  async #tidy(): Promise<void> {
    this.#addedBytes = 0;
    try {
      const copies = await this.#list();
      let usedBytes = copies.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
      const oldestFirst = copies.sort((one, other) => one.usedMs - other.usedMs);
      const leftBytes = this.#options.maxBytes * keptPart;
      for (const { name, sizeBytes } of oldestFirst) {
        if (usedBytes <= leftBytes) break;
        await rm(this.#pathOf(name), { force: true });
        this.#trusted.delete(name);
        usedBytes -= sizeBytes;
      }
      await this.#removeLeftovers();
    } catch (error) {
      this.#options.report(`no room can be made in ${this.#options.directory}: ${messageOf(error)}`);
    }
  }

  async #list(): Promise<{ readonly name: string; readonly sizeBytes: number; readonly usedMs: number }[]> {
    const { directory } = this.#options;
    const copies = [];
    for (const place of await readdir(directory, { withFileTypes: true })) {
      if (!place.isDirectory() || !placeForm.test(place.name)) continue;
      for (const name of await readdir(join(directory, place.name))) {
        await stepAside();
        if (!name.startsWith(place.name) || !nameForm.test(name)) continue;
        const found = await stat(this.#pathOf(name)).catch(() => undefined);
        if (found?.isFile() === true) copies.push({ name, sizeBytes: found.size, usedMs: found.mtimeMs });
      }
    }
    const there = new Set(copies.map(({ name }) => name));
    for (const name of this.#trusted.keys()) if (!there.has(name)) this.#trusted.delete(name);
    return copies;
  }

  async #removeLeftovers(): Promise<void> {
    const place = join(this.#options.directory, "new");
    for (const name of await readdir(place)) {
      const found = await stat(join(place, name)).catch(() => undefined);
      if (found !== undefined && this.#options.now() - found.mtimeMs > leftoverMs) {
        await rm(join(place, name), { force: true });
      }
    }
  }

  #pathOf(name: string): string {
    return join(this.#options.directory, name.slice(0, 2), name);
  }
}
