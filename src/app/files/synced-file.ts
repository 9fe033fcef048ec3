// Small files that survive a power cut once they are written.
import { open } from "node:fs/promises";

/** Writes a new file with this mode, as far as the umask allows it; throws EEXIST if there is one. */
export async function writeSyncedFile(path: string, text: string, mode: number): Promise<void> {
  const file = await open(path, "wx", mode);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes the names in a directory survive, after files in it were created, renamed or removed. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
