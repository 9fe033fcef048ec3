// What is in a directory, slice by slice: of a hundred thousand names at once, everybody would wait for the last. Node
// and Bun read a directory to its end in one call, and what they read on another thread they turn into objects on this.
import { constants, fstatSync, lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { stepAside } from "../lib/pacer.ts";
import { openOwnedSoon } from "./descriptors.ts";
import { bindLibc } from "./libc.ts";

/** A name in a directory, and what it names. */
export interface DirectoryEntry {
  readonly name: string;
  readonly kind: "directory" | "link" | "other";
}

const sliceBytes = 32 * 1024;
/** For all readers: what is in it is decoded before anybody else has a turn. */
const buffer = Buffer.allocUnsafeSlow(sliceBytes);

/** The entries but for "." and "..", in no order. What is there from the beginning to the end is among them. */
export async function* readEntries(path: string): AsyncGenerator<readonly DirectoryEntry[]> {
  await stepAside();
  const getdents = bindLibc("getdents64", ["i32", "ptr", "i64"]);
  if (getdents === undefined) return yield readAtOnce(path);
  using owner = new DisposableStack();
  const descriptor = await openOwnedSoon(owner, path, constants.O_RDONLY | constants.O_DIRECTORY);
  for (;;) {
    const length = getdents(descriptor, buffer, sliceBytes);
    if (length < 0) throw cannotRead(path, descriptor);
    if (length === 0) return;
    yield decode(path, buffer.subarray(0, length));
    await stepAside();
  }
}

function readAtOnce(path: string): readonly DirectoryEntry[] {
  return readdirSync(path, { withFileTypes: true }).map((entry) => ({ name: entry.name, kind: kindOf(entry) }));
}

/** The system's error number does not come through; a directory that is being read may be removed, or hard to read. */
function cannotRead(path: string, descriptor: number): Error {
  const code = fstatSync(descriptor).nlink === 0 ? "ENOENT" : "EIO";
  return Object.assign(new Error(`${code}: the directory ${path} cannot be read`), { code });
}

/** `struct linux_dirent64`: inode and offset, 8 bytes each; length, 2; type, 1; the name, which ends with a zero. */
const lengthAt = 16;
const typeAt = 18;
const nameAt = 19;
/** DT_UNKNOWN, DT_DIR, DT_LNK. */
const [typeUnknown, typeDirectory, typeLink] = [0, 4, 10];

function decode(path: string, slice: Buffer): readonly DirectoryEntry[] {
  const entries: DirectoryEntry[] = [];
  for (let start = 0; start < slice.length; start += slice.readUInt16LE(start + lengthAt)) {
    const name = slice.toString("utf8", start + nameAt, slice.indexOf(0, start + nameAt));
    if (name === "." || name === "..") continue;
    const type = slice[start + typeAt];
    const known = type === typeDirectory ? "directory" : type === typeLink ? "link" : "other";
    entries.push({ name, kind: type === typeUnknown ? lookAt(join(path, name)) : known });
  }
  return entries;
}

/** Some filesystems do not tell types. */
function lookAt(path: string): DirectoryEntry["kind"] {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return stat === undefined ? "other" : kindOf(stat);
}

function kindOf(entry: { isDirectory(): boolean; isSymbolicLink(): boolean }): DirectoryEntry["kind"] {
  if (entry.isDirectory()) return "directory";
  return entry.isSymbolicLink() ? "link" : "other";
}
