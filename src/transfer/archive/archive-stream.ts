// An archive that is written to standard output, for a pipe.
import type { ArchiveSink } from "./archive-file.ts";

/** Waits for the reader with each piece. */
export function openArchiveStream(): ArchiveSink {
  const output = Bun.stdout.writer();
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
