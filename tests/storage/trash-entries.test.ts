import { afterAll, expect, test } from "bun:test";
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DurableFiles } from "../../src/storage/durable-file.ts";
import { describeFile } from "../../src/storage/file-stat.ts";
import {
  makeTrashDirectories,
  moveToTrash,
  moveUnchangedToTrash,
  restoreFromTrash,
} from "../../src/storage/trash-entries.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { isRoot, withoutRoot } from "../without-root.ts";
import { put, removeOnceMade, take, until } from "./store-access.ts";
import { sharedDisk } from "./test-store.ts";

const disk = sharedDisk({ isDurable: true });
afterAll(() => disk[Symbol.dispose]());

const key = "docker/blobs/ab/data";
const name = "blobs/sha256/ab/abc";

test("makeTrashDirectories() makes a directory for each first byte, once, and names what is to be synced", () => {
  using directory = temporaryDirectory({ isInMemory: true });
  const trash = join(directory.path, "trash");
  const parents = ["sha256", "sha512"].map((algorithm) => join(trash, "blobs", algorithm));
  const first = makeTrashDirectories(trash);
  rmdirSync(join(trash, "blobs/sha512/7f"));
  const again = makeTrashDirectories(trash);
  expect([
    first.toSorted(),
    again.toSorted(),
    parents.map((path) => readdirSync(path).length),
    readdirSync(trash).sort(),
  ]).toEqual([
    [trash, join(trash, "blobs"), ...parents].toSorted(),
    [trash, join(trash, "blobs"), join(trash, "blobs/sha512")],
    [256, 256],
    ["blobs", "tags", "uploads"],
  ]);
});

test("an entry comes back although the directory that it goes to is removed meanwhile", async () => {
  using store = await disk.open();
  const directory = dirname(join(store.root, key));
  await put(store.driver, key, "x");
  let isRestored = false;
  await removeOnceMade({
    prepare: async () => {
      await store.driver.trash.discard(key, `${name}.1`);
      rmdirSync(directory);
    },
    work: async () => {
      isRestored = await store.driver.trash.restore(name, key);
    },
    remove: () => rmdirSync(directory),
  });
  expect([isRestored, await take(store.driver, key)]).toEqual([true, "x"]);
});

test("who brings an entry back does not mind that a collector removes it too, now that the object is there", async () => {
  using store = await disk.open();
  for (let round = 0; round < 50; round += 1) {
    await put(store.driver, key, "x");
    await store.driver.trash.discard(key, `${name}.${round}`);
    const restoring = store.driver.trash.restore(name, key);
    await until(() => existsSync(join(store.root, key)));
    await store.other.trash.destroy(`${name}.${round}`);
    expect([await restoring, await take(store.driver, key)]).toEqual([true, "x"]);
  }
});

test("an entry that is purged before it is back is gone, and nothing else is broken", async () => {
  using store = await disk.open();
  await put(store.driver, key, "x");
  await store.driver.trash.discard(key, `${name}.1`);
  rmdirSync(dirname(join(store.root, key)));
  const restoring = store.driver.trash.restore(name, key);
  await store.other.trash.destroy(`${name}.1`);
  expect([await restoring, await store.driver.objects.stat(key)]).toEqual([false, undefined]);
});

test("a trash directory that somebody removed is made again", async () => {
  using store = await disk.open();
  await put(store.driver, key, "x");
  rmSync(join(store.root, "trash/blobs/sha256/ab"), { recursive: true });
  const before = await store.driver.trash.restore(name, "docker/other");
  expect([
    before,
    await store.driver.trash.discard(key, `${name}.1`),
    await store.driver.trash.restore(name, key),
  ]).toEqual([false, true, true]);
});

test("an entry comes back to a user who may move but not link it", async () => {
  using directory = temporaryDirectory({ isInMemory: true });
  const [trash, place] = [join(directory.path, "trash"), join(directory.path, "docker")];
  for (const path of [directory.path, trash, place]) {
    mkdirSync(path, { recursive: true });
    chmodSync(path, 0o777);
  }
  // The system forbids hard links to files of others, as some filesystems forbid them all.
  writeFileSync(join(trash, "abc.1"), "x", { mode: 0o600 });
  const files = new DurableFiles(directory.path, { isDurable: true });
  const restore = () => restoreFromTrash(files, join(trash, "abc"), join(place, "data"));
  const isBack = isRoot ? await withoutRoot(restore) : await restore();
  expect([isBack, existsSync(join(place, "data")), readdirSync(trash)]).toEqual([true, true, []]);
});

test("moveToTrash() and restoreFromTrash() throw where the user may not", async () => {
  using directory = temporaryDirectory({ isInMemory: true });
  const [trash, place] = [join(directory.path, "trash"), join(directory.path, "docker")];
  for (const path of [trash, place]) {
    mkdirSync(path);
    writeFileSync(join(path, "abc.1"), "x");
  }
  chmodSync(directory.path, 0o755);
  for (const path of [trash, place]) chmodSync(path, 0o555);
  const files = new DurableFiles(directory.path, { isDurable: true });
  const codes = await withoutRoot(async () => {
    const moving = moveToTrash(files, join(place, "abc.1"), join(trash, "b")).catch((error) => error.code);
    const restoring = restoreFromTrash(files, join(trash, "abc"), join(place, "data")).catch((error) => error.code);
    const judged = describeFile(lstatSync(join(place, "abc.1")));
    const options = { entry: join(trash, "b"), judged };
    const condemning = moveUnchangedToTrash(files, join(place, "abc.1"), options).catch((error) => error.code);
    return [await moving, await restoring, await condemning];
  });
  for (const path of [trash, place]) chmodSync(path, 0o755);
  expect([codes, readdirSync(trash), readdirSync(place)]).toEqual([
    ["EACCES", "EACCES", "EACCES"],
    ["abc.1"],
    ["abc.1"],
  ]);
});

test("moveToTrash() leaves a directory alone that cannot be moved", async () => {
  using directory = temporaryDirectory();
  const [path, entry] = [join(directory.path, "tag"), join(directory.path, "trash/1")];
  for (const each of [path, entry]) mkdirSync(join(each, "current"), { recursive: true });
  const files = new DurableFiles(directory.path, { isDurable: true });
  await expect(moveToTrash(files, path, entry)).rejects.toMatchObject({ code: "ENOTEMPTY" });
  expect(readdirSync(path)).toEqual(["current"]);
});

test("moveToTrash() does away with a directory on another disk, once", async () => {
  using elsewhere = temporaryDirectory({ isInMemory: true });
  using directory = temporaryDirectory();
  const tag = join(elsewhere.path, "tags/v1");
  const files = new DurableFiles(directory.path, { isDurable: true });
  for (const name of ["current", "index/sha256/ab"]) {
    mkdirSync(join(tag, name), { recursive: true });
    writeFileSync(join(tag, name, "link"), "x");
  }
  const entry = join(directory.path, "trash/tags/1");
  expect([await moveToTrash(files, tag, entry), await moveToTrash(files, tag, entry)]).toEqual([true, false]);
  expect(readdirSync(dirname(tag))).toEqual([]);
});

test("moveToTrash() does away with what decides first, and with nothing after what it may not", async () => {
  using elsewhere = temporaryDirectory({ isInMemory: true });
  using directory = temporaryDirectory();
  const tag = join(elsewhere.path, "v1");
  const names = ["current", "index", "other", "rest"];
  for (const name of names) mkdirSync(join(tag, name, "below"), { recursive: true });
  const open = [elsewhere.path, directory.path, tag, ...names.slice(1).map((name) => join(tag, name))];
  for (const path of open) chmodSync(path, 0o777);
  const files = new DurableFiles(directory.path, { isDurable: true });
  const move = () => moveToTrash(files, tag, join(directory.path, "1")).catch((error) => error.code);
  expect([isRoot ? await withoutRoot(move) : "EACCES", readdirSync(tag).toSorted()]).toEqual(["EACCES", names]);
});
