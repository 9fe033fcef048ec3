import { expect, test } from "bun:test";
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DurableFiles } from "../../src/storage/durable-file.ts";
import { isInMemory, openWorkingFlock, prepareRoot } from "../../src/storage/filesystem-root.ts";
import { openFlock } from "../../src/storage/flock.ts";
import { enterRoot } from "../../src/storage/root-gate.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { isRoot } from "../without-root.ts";

function modeOf(path: string): number {
  return statSync(path).mode & 0o777;
}

const found = { isReadOnly: false, warnings: [] };
const prepare = (root: string) => prepareRoot(new DurableFiles(root, { isDurable: false }), root);

test("prepareRoot() makes everything that must be there before the disk is full, and again what is missing", async () => {
  using directory = temporaryDirectory();
  const root = join(directory.path, "data");
  expect(await prepare(root)).toEqual(found);
  expect(await prepare(root)).toEqual(found);
  expect(readdirSync(root).toSorted()).toEqual(["docker", "gc", "locks", "proxy", "trash"]);
  expect([readdirSync(join(root, "locks")).length, readdirSync(join(root, "trash/blobs/sha512")).length]).toEqual([
    512, 256,
  ]);
});

/** Files on a disk that is full until so many things were freed. */
function filesOnFullDisk(root: string, needed: number) {
  let freed = 0;
  const files = new DurableFiles(root, { isDurable: false });
  files.syncDirectory = async () => {
    if (freed < needed) throw Object.assign(new Error("ENOSPC: no space left on device, fsync"), { code: "ENOSPC" });
  };
  const makeRoom = async function* () {
    for (; freed < 5; yield) freed += 1;
    throw new Error("nothing may go");
  };
  return { files, makeRoom, freed: () => freed };
}

test("prepareRoot() frees as little of a full disk as it needs, alone", async () => {
  using directory = temporaryDirectory();
  const root = directory.path;
  const disk = filesOnFullDisk(root, 3);
  const seen: boolean[] = [];
  const makeRoom = async function* () {
    for await (const _freed of disk.makeRoom()) {
      seen.push(existsSync(join(root, "locks")), await isRootFree(root));
      yield;
    }
  };
  expect(await prepareRoot(disk.files, root, makeRoom)).toEqual(found);
  expect([disk.freed(), new Set(seen), await isRootFree(root)]).toEqual([3, new Set([false]), true]);
  expect(readdirSync(root).toSorted()).toEqual(["docker", "gc", "locks", "proxy", "trash"]);
});

async function isRootFree(root: string): Promise<boolean> {
  return enterRoot(openFlock(), root, { waitMs: 0 }).then(
    (gate) => {
      gate?.[Symbol.dispose]();
      return true;
    },
    () => false,
  );
}

test("prepareRoot() says why nothing may go, and frees nothing where it may not", async () => {
  using directory = temporaryDirectory();
  const disk = filesOnFullDisk(directory.path, 9);
  await expect(prepareRoot(disk.files, directory.path)).rejects.toThrow("ENOSPC");
  expect(disk.freed()).toBe(0);
  await expect(prepareRoot(disk.files, directory.path, disk.makeRoom)).rejects.toThrow("nothing may go");
});

test("prepareRoot() frees nothing of a store that was prepared once, since a server may be at work there", async () => {
  using directory = temporaryDirectory();
  await prepare(directory.path);
  rmSync(join(directory.path, "trash"), { recursive: true });
  const disk = filesOnFullDisk(directory.path, 1);
  await expect(prepareRoot(disk.files, directory.path, disk.makeRoom)).rejects.toThrow("ENOSPC");
  expect(disk.freed()).toBe(0);
});

test("prepareRoot() goes on where another start was killed", async () => {
  using directory = temporaryDirectory();
  mkdirSync(join(directory.path, "locks.new"));
  writeFileSync(join(directory.path, "locks.new/00"), "");
  expect(await prepare(directory.path)).toEqual(found);
  expect([existsSync(join(directory.path, "locks.new")), readdirSync(join(directory.path, "locks")).length]).toEqual([
    false,
    512,
  ]);
});

test("prepareRoot() lets nobody else in, and mends what an older version left wider", async () => {
  using directory = temporaryDirectory();
  const root = join(directory.path, "data");
  const own = ["gc", "locks", "proxy", "trash"].map((name) => join(root, name));
  const modes = () => [root, ...own, join(root, "locks/00"), join(root, "locks/ff.gate")].map(modeOf);
  await prepare(root);
  const made = modes();
  for (const path of own) chmodSync(path, 0o755);
  for (const name of readdirSync(join(root, "locks"))) chmodSync(join(root, "locks", name), 0o644);
  expect(await prepare(root)).toEqual(found);
  const shared = 0o777 & ~process.umask();
  expect([made, modes()]).toEqual(Array(2).fill([shared, 0o700, 0o700, 0o700, 0o700, 0o600, 0o600]));
});

test.if(isRoot)("prepareRoot() tells root of a store that is another user's", async () => {
  using directory = temporaryDirectory();
  await prepare(directory.path);
  chownSync(join(directory.path, "locks"), 1234, 1234);
  expect((await prepare(directory.path)).warnings).toEqual([
    `${directory.path} belongs to user 1234, who cannot open what root writes there; run as that user, as with \`sudo -u\``,
  ]);
});

test("openWorkingFlock() tells whether locks keep apart; a read-only store of another registry lacks some or all", async () => {
  using directory = temporaryDirectory();
  await prepare(directory.path);
  const locks = join(directory.path, "locks");
  expect(openWorkingFlock(locks)).toBeDefined();
  expect(openWorkingFlock(join(directory.path, "nowhere"))).toBeUndefined();
  rmSync(join(locks, "7f"));
  expect(openWorkingFlock(locks)).toBeUndefined();
});

test("isInMemory() asks the nearest directory that is there", () => {
  using inMemory = temporaryDirectory({ isInMemory: true });
  const isTmpfs = inMemory.path.startsWith("/dev/shm");
  expect([isInMemory(join(inMemory.path, "a/b")), isInMemory("/proc/none")]).toEqual([isTmpfs, false]);
});
