// The ledger: what was asked and what was answered, each on disk before anything else happens. It lies outside the
// victims' disk.
import { closeSync, fsync as fsyncCallback, openSync, readFileSync, writeSync } from "node:fs";
import { promisify } from "node:util";
import { type Entry, Knowledge } from "./knowledge.ts";

const fsync = promisify(fsyncCallback);

/** A file of entries, one a line, and what follows from them. */
export class Ledger implements Disposable {
  readonly knowledge: Knowledge;
  readonly #path: string;
  readonly #isPruned: boolean;
  readonly #descriptor: number;
  readonly #counts = new Map<string, number>();
  #lastId = 0;
  /** The sync that is under way, and the one that begins after it. */
  #syncing: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(path: string, options: { readonly isPruned: boolean }) {
    this.#path = path;
    this.#isPruned = options.isPruned;
    this.#descriptor = openSync(path, "wx");
    this.knowledge = new Knowledge(options);
  }

  /** How many entries of each phase there are. */
  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }

  /** A number for a request. */
  nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  /** Resolves when the entry is on disk. */
  async record(entry: Entry): Promise<void> {
    writeSync(this.#descriptor, `${JSON.stringify(entry)}\n`);
    this.knowledge.apply(entry);
    this.#counts.set(entry.phase, (this.#counts.get(entry.phase) ?? 0) + 1);
    await this.#sync();
  }

  /** Whether who reads the file comes to know the same. */
  isTrue(): boolean {
    return readLedger(this.#path, { isPruned: this.#isPruned }).describe() === this.knowledge.describe();
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor);
  }

  /** Several entries share one sync, but only one that began after they were written. */
  async #sync(): Promise<void> {
    if (this.#syncing !== undefined) {
      this.#next ??= this.#syncing.then(() => {
        this.#next = undefined;
        return this.#begin();
      });
      return this.#next;
    }
    return this.#begin();
  }

  async #begin(): Promise<void> {
    this.#syncing = fsync(this.#descriptor).finally(() => {
      this.#syncing = undefined;
    });
    await this.#syncing;
  }
}

/** What follows from a ledger's file. */
export function readLedger(path: string, options: { readonly isPruned: boolean }): Knowledge {
  const knowledge = new Knowledge(options);
  for (const line of readFileSync(path, "utf8").split("\n")) {
    if (line !== "") knowledge.apply(JSON.parse(line) as Entry);
  }
  return knowledge;
}
