// Whether a filesystem has one journal for everything that is made, renamed and removed on it, which is written back in the
// order in which it was done: whatever is synced there then has all before it on disk, whoever did that.
import { readFileSync, readlinkSync, statfsSync, statSync } from "node:fs";
import { basename, join } from "node:path";

/** The numbers by which statfs tells them. */
const xfsMagic = 0x58465342;
/** Of ext4, and of ext2 and ext3 as well. */
const extMagic = 0xef53;

/** Whether the filesystem of the path is known to have one. */
export function hasOrderedJournal(path: string): boolean {
  try {
    const { type } = statfsSync(path);
    return type === xfsMagic || (type === extMagic && hasJournalThread(statSync(path).dev));
  } catch {
    return false;
  }
}

/**
 * Whether the system tells of a thread that writes a journal for the device: an ext4 may have been made without one, and of an
 * ext2 it tells nothing.
 */
export function hasJournalThread(device: number, system = "/sys"): boolean {
  try {
    const name = basename(readlinkSync(join(system, "dev/block", `${majorOf(device)}:${minorOf(device)}`)));
    return /^\d+$/.test(readFileSync(join(system, "fs/ext4", name, "journal_task"), "utf8").trim());
  } catch {
    return false;
  }
}

/** The two halves of a device's number, as the C library of Linux packs them. */
const majorOf = (device: number): number => Math.floor(device / 256) % 4096;
const minorOf = (device: number): number => (device % 256) + (Math.floor(device / 2 ** 20) % 4096) * 256;
