// An archive that is written to standard output, for a pipe.
import type { ArchiveSink } from "./archive-file.ts";

/** What takes the archive, such as the writer of standard output: what is flushed has been taken. */
export interface ArchiveOutput {
  readonly write: (bytes: Uint8Array) => unknown;
  readonly flush: () => unknown;
}

/** Waits for the reader with each piece. */
export function openArchiveStream(output: ArchiveOutput): ArchiveSink {
  return {
    write: async (bytes) => {
      output.write(bytes);
      await output.flush();
    },
    finish: async () => {
      await output.flush();
    },
    abandon: async () => {},
  };
}
