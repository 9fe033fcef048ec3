// The downloads of all cached repositories, with what they share: the room on the disk, and the account of their readers.

import type { BlobSource } from "../client/receive.ts";
import { createSweeper } from "../lib/sweeper.ts";
import type { RepositoryName } from "../oci/name.ts";
import { CacheRoom } from "./cache-room.ts";
import { Download, type DownloadOptions } from "./download.ts";

/** What downloads need. */
export interface DownloadsOptions extends Omit<DownloadOptions, "isCrowded" | "room" | "confirm"> {
  /** A blob larger than this is not cached. */
  readonly maxBytes: number;
}

/** What tells downloads apart: bytes of one upstream say nothing about another. */
type DownloadKey = Pick<BlobSource, "upstream" | "digest">;

/** A sweep takes a few milliseconds, so it is made only when there is a crowd. */
const sweepBytes = 4 * 1024 * 1024;
/** More downloads or readers than this at once are a crowd. */
const fewStreams = 2;

/** The downloads under way. */
export class Downloads {
  readonly room: CacheRoom;
  readonly #options: Omit<DownloadOptions, "confirm">;
  readonly #running = new Map<string, Download>();
  #readers = 0;

  constructor({ maxBytes, ...options }: DownloadsOptions) {
    this.room = new CacheRoom({ space: () => options.store.directory.space(), maxBytes });
    this.#options = { ...options, room: this.room, isCrowded: () => this.#isCrowded() };
  }

  /** Whether the blob is on its way for this repository. */
  isJoined(name: RepositoryName, key: DownloadKey): boolean {
    return this.#running.get(keyOf(key))?.hasName(name) === true;
  }

  /**
   * Joins or starts the download of a blob, and waits until it has begun. One for another repository is joined after
   * `confirm`, and if it fails that says nothing about this repository.
   */
  async join(name: RepositoryName, source: BlobSource, confirm: () => Promise<unknown>): Promise<Download> {
    const key = keyOf(source);
    for (let isRepeated = false; ; isRepeated = true) {
      if (this.#running.get(key)?.hasName(name) === false) await confirm();
      const download =
        this.#running.get(key) ?? new Download(name, source, { ...this.#options, confirm: once(confirm) });
      download.addName(name, source.upstream);
      if (!this.#running.has(key)) {
        this.#running.set(key, download);
        void download.done.finally(() => this.#running.delete(key));
        void download.run();
      }
      try {
        await download.begun();
        return download;
      } catch (error) {
        if (isRepeated || download.isFor(name)) throw error;
        await download.done;
      }
    }
  }

  /** The chunks of a reader, who is counted for as long as it reads. */
  async *count(open: () => Promise<AsyncIterable<Uint8Array>>): AsyncGenerator<Uint8Array> {
    let sizeBytes = 0;
    const sweep = createSweeper(sweepBytes);
    this.#readers += 1;
    try {
      for await (const chunk of await open()) {
        sizeBytes += chunk.length;
        yield chunk;
        if (this.#isCrowded()) sweep(chunk.length);
      }
    } finally {
      this.#readers -= 1;
      this.#options.report({ kind: "sent", type: "blob", sizeBytes });
    }
  }

  #isCrowded(): boolean {
    return Math.max(this.#running.size, this.#readers) > fewStreams;
  }
}

/** Asks at most once, and only if somebody wants to know. */
function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | undefined;
  return () => {
    asked ??= ask();
    return asked;
  };
}

function keyOf({ upstream, digest }: DownloadKey): string {
  return `${upstream} ${digest}`;
}
