// A file whose bytes are written beside its place, and on disk if they are to be, and which is not in its place yet.
import { rmSync } from "node:fs";
import { renameOver } from "./obstacles.ts";

/** Where it lies, and where it belongs. */
export interface StagedFile {
  readonly path: string;
  readonly temporary: string;
  readonly device: number;
}

/** What is done around each that is put into its place. */
export interface PlacingSteps {
  readonly before: (file: StagedFile) => Promise<void>;
  readonly after: (file: StagedFile) => Promise<void>;
}

/** Puts them into their places one after the other; those that are left when one fails are removed. */
export async function placeFiles(staged: readonly StagedFile[], { before, after }: PlacingSteps): Promise<void> {
  let count = 0;
  try {
    for (const file of staged) {
      await before(file);
      await renameOver(file.temporary, file.path);
      count += 1;
      await after(file);
    }
  } finally {
    for (const { temporary } of staged.slice(count)) removeQuietly(temporary);
  }
}

/** Removes one that is not needed. What went wrong before is what the caller needs to know. */
export function removeQuietly(temporary: string): void {
  try {
    rmSync(temporary, { force: true });
  } catch {
    // Swept when it is a day old.
  }
}
