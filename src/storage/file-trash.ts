// The trash of a filesystem store: objects that were moved out of sight and can be brought back.
//
//   <root>/trash/blobs/<algorithm>/<hh>/<hex>.<run>-<n>   bytes of a blob; .bad is damaged and never comes back
//   <root>/trash/tags/<uuid>                             a tag directory
//   <root>/trash/uploads/<uuid>                          an upload session
//
// The directories of blobs are made at the first start, so that a full disk can be cleaned.
import { linkSync, mkdirSync, readdirSync, renameSync, rmSync, unlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type DurableFiles, errorCode } from "./durable-file.ts";

/** Makes the directories of the trash that are missing; returns those whose entries are to be synced. */
export function makeTrashDirectories(trash: string): readonly string[] {
  const parents = ["tags", "uploads", "blobs/sha256", "blobs/sha512"].map((name) => join(trash, name));
  for (const parent of parents) mkdirSync(parent, { recursive: true });
  const changed = [trash, join(trash, "blobs")];
  for (const parent of parents.slice(2)) {
    const present = new Set(readdirSync(parent));
    for (let stripe = 0; stripe < 256; stripe += 1) {
      const name = stripe.toString(16).padStart(2, "0");
      if (!present.has(name)) mkdirSync(join(parent, name));
    }
    if (present.size < 256) changed.push(parent);
  }
  return changed;
}

/** Moves a file or directory into the trash and syncs the directory that it left. */
export async function moveToTrash(files: DurableFiles, path: string, entry: string): Promise<boolean> {
  await files.makeDirectory(dirname(entry));
  try {
    renameSync(path, entry);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return false;
    throw error;
  }
  await files.syncDirectory(dirname(path));
  return true;
}

/**
 * Brings back one of the entries `<entry>.*` to the path. The new name is made before the old one goes, so the bytes
 * are never without a name; who comes second leaves the entry alone.
 */
export async function restoreFromTrash(files: DurableFiles, entry: string, path: string): Promise<boolean> {
  const directory = dirname(entry);
  for (const name of entriesOf(directory, basename(entry))) {
    await files.makeDirectory(dirname(path));
    const outcome = nameAgain(join(directory, name), path);
    if (outcome === "gone") continue;
    await files.syncDirectory(dirname(path));
    if (outcome === "linked") unlinkSync(join(directory, name));
    return true;
  }
  return false;
}

function entriesOf(directory: string, base: string): readonly string[] {
  try {
    return readdirSync(directory).filter((name) => name.startsWith(`${base}.`) && !name.endsWith(".bad"));
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
}

function nameAgain(entry: string, path: string): "linked" | "moved" | "there" | "gone" {
  try {
    linkSync(entry, path);
    return "linked";
  } catch (error) {
    const code = errorCode(error);
    if (code === "EEXIST") return "there";
    if (code === "ENOENT") return "gone";
    // EPERM, EOPNOTSUPP, EMLINK: a filesystem without hard links.
    if (code !== "EPERM" && code !== "EOPNOTSUPP" && code !== "ENOTSUP" && code !== "EMLINK") throw error;
  }
  try {
    renameSync(entry, path);
    return "moved";
  } catch (error) {
    if (errorCode(error) === "ENOENT") return "gone";
    throw error;
  }
}

/** Destroys an entry. */
export function purgeFromTrash(entry: string): void {
  rmSync(entry, { recursive: true, force: true });
}
