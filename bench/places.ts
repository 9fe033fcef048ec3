// Where data lies: in memory, in a directory that is named, or on a file system of its own in a file on this disk.
import { closeSync, ftruncateSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";

/** A directory to work in, empty; what is in it goes with it. */
export interface Place extends Disposable {
  readonly name: string;
  readonly path: string;
}

/** The file systems that are made, if root asks. */
export const fileSystems = ["ext4", "xfs"] as const;

type FileSystem = (typeof fileSystems)[number];

/** Sparse; ext4 has a file for every 16 KiB of it, of which ten rounds of small images take a million. */
const imageBytes = 32 * 1024 ** 3;

/**
 * A directory in memory. Memory that was never used has to be fetched from the host first: that is done here. For root it
 * is a mount of its own, since a million blobs are more files than /dev/shm may have.
 */
export function memoryPlace(warmBytes: number): Place {
  const path = mkdtempSync("/dev/shm/registry-bench-");
  const isMounted = userInfo().uid === 0 && mount(["-t", "tmpfs", "-o", "nr_inodes=0,size=80%", "tmpfs", path]);
  warm(join(path, "warm"), warmBytes);
  const remove = () => rmSync(path, { recursive: true, force: true });
  return {
    name: "memory",
    path,
    [Symbol.dispose]: () => {
      if (!isMounted || unmount(path)) remove();
    },
  };
}

function mount(words: readonly string[]): boolean {
  return Bun.spawnSync(["mount", ...words], { stderr: "ignore" }).success;
}

/** What lies below a mount that would not go stays: it is in use. */
function unmount(path: string): boolean {
  return Bun.spawnSync(["umount", path]).success;
}

function warm(path: string, bytes: number): void {
  const block = new Uint8Array(1024 ** 2);
  const file = openSync(path, "w");
  for (let written = 0; written < bytes; written += block.length) writeSync(file, block);
  closeSync(file);
  rmSync(path);
}

/** A directory of its own below one that is named. */
export function diskPlace(directory: string): Place {
  mkdirSync(directory, { recursive: true });
  const path = mkdtempSync(join(directory, "registry-bench-"));
  return { name: directory, path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** A new file system in a file of the directory for temporary files; undefined where it cannot be made or mounted. */
export function loopPlace(fileSystem: FileSystem): Place | undefined {
  if (userInfo().uid !== 0 || Bun.which(`mkfs.${fileSystem}`) === null) return undefined;
  const base = mkdtempSync(join(tmpdir(), "registry-bench-"));
  const [image, path] = [join(base, "image"), join(base, "mounted")];
  mkdirSync(path);
  const file = openSync(image, "w");
  ftruncateSync(file, imageBytes);
  closeSync(file);
  const remove = () => rmSync(base, { recursive: true, force: true });
  const isThere =
    Bun.spawnSync([`mkfs.${fileSystem}`, "-q", image], { stdout: "ignore", stderr: "ignore" }).success &&
    mount(["-o", "loop", image, path]);
  if (!isThere) {
    remove();
    return undefined;
  }
  return {
    name: fileSystem,
    path,
    [Symbol.dispose]: () => {
      if (unmount(path)) remove();
    },
  };
}
