// A store on a directory for the tests of one file. Making its lock files and trash directories takes longer than most
// tests, so it is made once and emptied after each.
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DurableFiles } from "../../src/storage/durable-file.ts";
import { FileLocks } from "../../src/storage/file-locks.ts";
import { FileTrash } from "../../src/storage/file-trash.ts";
import { openFilesystem } from "../../src/storage/filesystem.ts";
import { openFlock } from "../../src/storage/flock.ts";
import { KeyPaths } from "../../src/storage/key-paths.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import type { LockedDriver, LockedStore } from "./contract.ts";

/** A store, and where it lies. */
export interface DiskStore extends LockedStore {
  readonly root: string;
}

/** The store of one test file. */
export interface SharedDisk extends Disposable {
  /** The store, empty; two drivers on one directory are to it what two processes are. */
  open(): Promise<DiskStore>;
}

/** A store on a directory, and what it is made of. */
export async function openDisk(options: { readonly root: string; readonly isDurable: boolean }): Promise<LockedDriver> {
  const { driver } = await openFilesystem(options);
  const paths = new KeyPaths(options.root, new DurableFiles(options.root, options));
  return { ...driver, locks: new FileLocks(paths, openFlock()), trash: new FileTrash(paths) };
}

/** Makes the directory when it is wanted first. */
export function sharedDisk({ isDurable }: { readonly isDurable: boolean }): SharedDisk {
  const directory = temporaryDirectory({ isInMemory: true });
  const root = directory.path;
  const drivers = () => Promise.all([openDisk({ root, isDurable }), openDisk({ root, isDurable })]);
  let opening: ReturnType<typeof drivers> | undefined;
  return {
    open: async () => {
      opening ??= drivers();
      const [first, second] = await opening;
      return { root, driver: first, other: second, [Symbol.dispose]: () => empty(root) };
    },
    [Symbol.dispose]: () => directory[Symbol.dispose](),
  };
}

function empty(root: string): void {
  const own = ["gc", "locks", "trash"];
  for (const name of readdirSync(root)) if (!own.includes(name)) rmSync(join(root, name), { recursive: true });
  const trash = ["sha256", "sha512"].flatMap((name) => stripesOf(join(root, "trash/blobs", name)));
  for (const place of [join(root, "trash/tags"), join(root, "trash/uploads"), ...trash]) {
    for (const name of readdirSync(place)) rmSync(join(place, name), { recursive: true });
  }
}

function stripesOf(path: string): string[] {
  return readdirSync(path).map((name) => join(path, name));
}
