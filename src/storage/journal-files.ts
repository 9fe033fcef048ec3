// The segments of a journal on disk: files of a directory, each locked by the process that works on it.
//
//   <directory>/<time>-<uuid>.journal   see journal-file.ts
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { errorCode } from "../lib/system-error.ts";
import { openOwned, syncDescriptor } from "./descriptors.ts";
import { JournalFile, type JournalFileOptions } from "./journal-file.ts";
import type { JournalSegment, JournalSegments, SegmentHolder } from "./journal-segments.ts";
import { makePrivateDirectory } from "./private-places.ts";

/** Where the files lie. */
export interface JournalFilesOptions extends Pick<JournalFileOptions, "flock" | "isDurable"> {
  readonly directory: string;
  /** After so many bytes the next file begins. */
  readonly segmentBytes: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

const ending = ".journal";
/** Another process may take a file over in the moment between its making and its locking. */
const maxTries = 5;

/** The files of a directory. */
export class JournalFiles implements JournalSegments {
  readonly segmentBytes: number;
  readonly idleMs = undefined;
  readonly #options: JournalFilesOptions;

  constructor(options: JournalFilesOptions) {
    this.#options = options;
    this.segmentBytes = options.segmentBytes;
  }

  async create(holder: SegmentHolder): Promise<JournalSegment> {
    const { directory, now, isDurable } = this.#options;
    makePrivateDirectory(directory);
    for (let tries = 0; tries < maxTries; tries += 1) {
      const name = `${now().toString().padStart(15, "0")}-${crypto.randomUUID()}${ending}`;
      const file = JournalFile.create(this.#optionsOf(name, holder));
      if (file === undefined) continue;
      try {
        // The directory may be new as well.
        if (isDurable) await Promise.all([syncDirectory(directory), syncDirectory(dirname(directory))]);
        return file;
      } catch (error) {
        file.remove();
        throw error;
      }
    }
    throw new Error(`no file of a journal can be locked in ${directory}`);
  }

  async *takeOver(holder: SegmentHolder): AsyncGenerator<JournalSegment> {
    for (const name of listNames(this.#options.directory)) {
      if (holder.isHeld(name)) continue;
      const file = takeOverFile(this.#optionsOf(name, holder));
      if (file !== undefined) yield file;
    }
  }

  async close(): Promise<void> {
    // The lock of each file falls with it.
  }

  #optionsOf(name: string, { noteDone }: SegmentHolder): JournalFileOptions {
    const { directory, flock, isDurable } = this.#options;
    return { path: join(directory, name), flock, isDurable, noteDone };
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

function takeOverFile(options: JournalFileOptions): JournalFile | undefined {
  try {
    return JournalFile.takeOver(options);
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
