// Noting on a file that a check has found its bytes wrong; `file-stat.ts` says how that is kept.
import { fchmodSync, fstatSync } from "node:fs";
import { openOwned } from "./descriptors.ts";
import { isGone } from "./directories.ts";
import type { DurableFiles } from "./durable-file.ts";
import { damagedMode, describeFile } from "./file-stat.ts";
import type { Stat } from "./ports.ts";

/** Marks a file, or takes the mark away, durably; false if it is no longer the one that was judged. */
export async function markDamage(
  files: DurableFiles,
  path: string,
  { judged, isDamaged }: { readonly judged: Stat; readonly isDamaged: boolean },
): Promise<boolean> {
  using owner = new DisposableStack();
  let descriptor: number;
  try {
    descriptor = openOwned(owner, path, "r");
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
  // By the descriptor: what a push has put in its place meanwhile is not touched.
  if (describeFile(fstatSync(descriptor)).identity !== judged.identity) return false;
  fchmodSync(descriptor, isDamaged ? damagedMode : files.sharedMode);
  if (describeFile(fstatSync(descriptor)).isDamaged !== isDamaged) {
    throw new Error(`the filesystem of ${path} does not keep the modes of files`);
  }
  await files.syncFile(descriptor);
  return true;
}
