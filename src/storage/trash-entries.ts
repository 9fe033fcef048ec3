// The trash of a filesystem store: objects that were moved out of sight and can be restored.
//
//   <root>/trash/blobs/<algorithm>/<hh>/<hex>.<run>-<n>   bytes of a blob; .bad is damaged and never restored
//   <root>/trash/tags/<uuid>                             a tag directory
//   <root>/trash/uploads/<uuid>                          an upload session
//
// The directories of blobs are made at the first start, so that a full disk can be cleaned.
import { existsSync, linkSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync, unlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { errorCode } from "../lib/system-error.ts";
import { directoriesIn, namesIn, statIfThere } from "./directories.ts";
import { disk } from "./disk-calls.ts";
import type { DurableFiles } from "./durable-file.ts";
import { describeFile } from "./file-stat.ts";
import type { Stat } from "./ports.ts";

/** Makes the directories of the trash that are missing; returns those whose entries are to be synced. */
export function makeTrashDirectories(trash: string): readonly string[] {
  const parents = ["tags", "uploads", "blobs/sha256", "blobs/sha512"].map((name) => join(trash, name));
  for (const parent of parents) mkdirSync(parent, { recursive: true });
  const changed = [trash, join(trash, "blobs")];
  for (const parent of parents.slice(2)) {
    const present = new Set(readdirSync(parent));
    for (let stripe = 0; stripe < 256; stripe += 1) {
      const name = stripe.toString(16).padStart(2, "0");
      // "recursive" takes one that another process makes at the same moment for made.
      if (!present.has(name)) mkdirSync(join(parent, name), { recursive: true });
    }
    if (present.size < 256) changed.push(parent);
  }
  return changed;
}

/** Moves a file or directory into the trash, or does away with it, and syncs the directory that it left. */
export async function moveToTrash(files: DurableFiles, path: string, entry: string): Promise<boolean> {
  await files.makeDirectory(dirname(entry));
  try {
    await disk.rename(path, entry);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return false;
    // A directory in a lower layer of an overlay, or behind a link to another disk; or nothing at all there.
    const stat = errorCode(error) === "EXDEV" ? statIfThere(path) : undefined;
    if (errorCode(error) === "EXDEV" && stat === undefined) return false;
    if (stat?.isDirectory() !== true) throw error;
    removeInOrder(path);
  }
  await files.syncDirectory(dirname(path));
  return true;
}

/** File by file, in byte order: what decides whether the rest means anything goes first. */
function removeInOrder(directory: string): void {
  const entries = readdirSync(directory, { withFileTypes: true });
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) removeInOrder(path);
    else unlinkSync(path);
  }
  rmdirSync(directory);
}

/** Moves a file into the trash if it is the one that was judged; restores another one at once. */
export async function moveUnchangedToTrash(
  files: DurableFiles,
  path: string,
  { entry, judged }: { readonly entry: string; readonly judged: Stat },
): Promise<boolean> {
  try {
    await disk.rename(path, entry);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return false;
    throw error;
  }
  const moved = await disk.lstat(entry);
  // Somebody who needed it has restored it already.
  if (moved === undefined) return false;
  const { identity, modifiedMs } = describeFile(moved);
  if (identity === judged.identity && modifiedMs === judged.modifiedMs) return true;
  await restoreEntry(files, entry, path);
  return false;
}

/** Names below the trash of its entries of one kind. */
export async function listTrashEntries(trash: string, kind: string): Promise<readonly string[]> {
  if (kind !== "blobs") return (await namesIn(join(trash, kind))).map((name) => `${kind}/${name}`);
  const entries: string[] = [];
  for (const algorithm of await directoriesIn(join(trash, kind))) {
    for (const stripe of await directoriesIn(join(trash, kind, algorithm))) {
      const prefix = `${kind}/${algorithm}/${stripe}`;
      for (const name of await namesIn(join(trash, prefix))) entries.push(`${prefix}/${name}`);
    }
  }
  return entries;
}

/**
 * Restores one of the entries `<entry>.*` to the path. The new name is made before the old one goes, so the bytes
 * are never without a name; whoever comes second leaves the entry alone.
 */
export async function restoreFromTrash(files: DurableFiles, entry: string, path: string): Promise<boolean> {
  for (const candidate of await restorableEntries(entry)) {
    if (await restoreEntry(files, candidate, path)) return true;
  }
  return false;
}

/** The entries `<entry>.*` that may be restored; damaged ones may not. */
export async function restorableEntries(entry: string): Promise<readonly string[]> {
  const isRestorable = (name: string) => name.startsWith(`${basename(entry)}.`) && !name.endsWith(".bad");
  const names = await namesIn(dirname(entry));
  return names.filter(isRestorable).map((name) => join(dirname(entry), name));
}

/** Gives an entry another name; false if it is gone. */
export function renameEntry(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return false;
    throw error;
  }
}

/** False if the entry is gone. */
async function restoreEntry(files: DurableFiles, entry: string, path: string): Promise<boolean> {
  const outcome = await files.inDirectory(dirname(path), () => nameAgain(entry, path));
  if (outcome === "gone") return false;
  await files.syncDirectory(dirname(path));
  // A collector that sees the object back in its place may remove the entry too.
  if (outcome === "linked") rmSync(entry, { force: true });
  return true;
}

function nameAgain(entry: string, path: string): "linked" | "moved" | "there" | "gone" {
  try {
    return linkOrMove(entry, path);
  } catch (error) {
    // The entry is gone, or the directory that it is restored to: that one is then made again.
    if (errorCode(error) !== "ENOENT" || existsSync(entry)) throw error;
    return "gone";
  }
}

/** What a filesystem without hard links says, or one that has no room for another. */
const noLinkCodes: readonly (string | undefined)[] = ["EPERM", "EOPNOTSUPP", "ENOTSUP", "EMLINK"];

function linkOrMove(entry: string, path: string): "linked" | "moved" | "there" {
  try {
    linkSync(entry, path);
    return "linked";
  } catch (error) {
    if (errorCode(error) === "EEXIST") return "there";
    if (!noLinkCodes.includes(errorCode(error))) throw error;
  }
  renameSync(entry, path);
  return "moved";
}
