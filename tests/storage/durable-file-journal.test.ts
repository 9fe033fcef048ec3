import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { errorCode } from "../../src/lib/system-error.ts";
import { DurableFiles } from "../../src/storage/durable-file.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { bytesOf } from "./store-access.ts";

describe("on a filesystem with an ordered journal", () => {
  /** Files whose syncs are counted: those of the journal, and those of single directories. */
  function openJournaled({ device }: { readonly device?: number } = {}) {
    const directory = temporaryDirectory({ isInMemory: true });
    const files = new DurableFiles(directory.path, { isDurable: true });
    const seen: { entries: readonly string[]; done: PromiseWithResolvers<void> }[] = [];
    const sync = () => {
      const entries = readdirSync(directory.path, { recursive: true }).map(String).toSorted();
      const done = Promise.withResolvers<void>();
      seen.push({ entries, done });
      return done.promise;
    };
    files.syncBy({ device: device ?? statSync(directory.path).dev, sync });
    return { root: directory.path, files, seen, [Symbol.dispose]: () => directory[Symbol.dispose]() };
  }

  test("a file is acknowledged when the journal has been synced after it was put into its place", async () => {
    using store = openJournaled();
    let isDone = false;
    const writing = store.files.replaceFile(join(store.root, "a/b/link"), bytesOf("x")).then(() => {
      isDone = true;
    });
    while (store.seen.length === 0) await Bun.sleep(1);
    expect([isDone, store.seen.map(({ entries }) => entries)]).toEqual([false, [["a", "a/b", "a/b/link"]]]);
    store.seen[0]?.done.resolve();
    await writing;
    expect([isDone, store.seen.length]).toEqual([true, 1]);
  });

  test("a file is not acknowledged if the journal cannot be synced", async () => {
    using store = openJournaled();
    const writing = store.files.replaceFile(join(store.root, "link"), bytesOf("x")).catch(errorCode);
    while (store.seen.length === 0) await Bun.sleep(1);
    store.seen[0]?.done.reject(Object.assign(new Error("EIO"), { code: "EIO" }));
    expect(await writing).toBe("EIO");
  });

  test("what lies on another disk is synced by itself", async () => {
    using store = openJournaled({ device: -1 });
    const path = join(store.root, "a/link");
    await store.files.replaceFile(path, bytesOf("x"));
    expect([await store.files.unlink(path), store.seen]).toEqual([true, []]);
  });

  test("a removal and a move wait for the journal, and a directory that is gone does not", async () => {
    using store = openJournaled();
    const end = async (begin: () => Promise<unknown>) => {
      const count = store.seen.length;
      const work = begin();
      while (store.seen.length === count) await Bun.sleep(1);
      store.seen.at(-1)?.done.resolve();
      return await work;
    };
    writeFileSync(join(store.root, "from"), "x");
    await end(() => store.files.moveOver(join(store.root, "from"), join(store.root, "a/to"), { sizeBytes: 1 }));
    expect([await end(() => store.files.unlink(join(store.root, "a/to"))), store.seen.length]).toEqual([true, 2]);
    await end(() => store.files.syncAll(undefined));
    await store.files.syncDirectory(join(store.root, "none"));
    expect([store.seen.length, store.files.isOrdered]).toEqual([3, true]);
  });

  test("several files are put into their places in order, and one sync is for all of them", async () => {
    using store = openJournaled();
    const files = ["c", "b", "a"].map((name) => ({ path: join(store.root, name), bytes: bytesOf(name) }));
    const writing = store.files.replaceFiles(files);
    while (store.seen.length === 0) await Bun.sleep(1);
    store.seen[0]?.done.resolve();
    await writing;
    expect(store.seen.map(({ entries }) => entries)).toEqual([["a", "b", "c"]]);
  });

  test("of several files none is put into its place if one cannot be written, and those before the one that has none", async () => {
    using store = openJournaled();
    const file = (name: string) => ({ path: join(store.root, name), bytes: bytesOf("x") });
    writeFileSync(join(store.root, "file"), "");
    const code = await store.files.replaceFiles([file("a"), file("file/b")]).catch(errorCode);
    mkdirSync(join(store.root, "full/below"), { recursive: true });
    const other = await store.files.replaceFiles([file("a"), file("full"), file("z")]).catch(errorCode);
    expect([code, other, readdirSync(store.root).toSorted()]).toEqual(["ENOTDIR", "EISDIR", ["a", "file", "full"]]);
  });

  test("what may come to the disk later does, with the next sync, or when everything is flushed", async () => {
    using store = openJournaled();
    const put = (name: string) => store.files.replaceFile(join(store.root, name), bytesOf("x"), { isDurable: false });
    await put("a");
    await store.files.moveOver(join(store.root, "a"), join(store.root, "b"), { sizeBytes: 1, isDurable: false });
    expect(store.seen).toEqual([]);
    const flushing = store.files.flush();
    await put("c");
    store.seen[0]?.done.resolve();
    await flushing;
    const failing = store.files.flush().catch(errorCode);
    store.seen[1]?.done.reject(Object.assign(new Error("EIO"), { code: "EIO" }));
    expect(await failing).toBe("EIO");
    // What has failed is not forgotten.
    const again = store.files.flush();
    store.seen[2]?.done.resolve();
    await again;
    await store.files.flush();
    expect(store.seen.map(({ entries }) => entries)).toEqual([["b"], ["b", "c"], ["b", "c"]]);
  });

  test("what lies on another disk is there at once, whatever was asked for", async () => {
    using store = openJournaled({ device: -1 });
    await store.files.replaceFile(join(store.root, "a"), bytesOf("x"), { isDurable: false });
    await store.files.flush();
    expect(store.seen).toEqual([]);
  });

  /** A part of the store that lies on another disk, behind a symbolic link. */
  function moveElsewhere(root: string) {
    const elsewhere = temporaryDirectory();
    symlinkSync(elsewhere.path, join(root, "elsewhere"));
    return elsewhere;
  }

  const isOneDisk = statSync(tmpdir()).dev === statSync("/dev/shm", { throwIfNoEntry: false })?.dev;

  test.skipIf(isOneDisk)("what is put on another disk waits until everything before it is there", async () => {
    using directory = temporaryDirectory({ isInMemory: true });
    using _elsewhere = moveElsewhere(directory.path);
    const names = ["a", "elsewhere/b", "c", "elsewhere/d", "elsewhere/e"];
    const files = new DurableFiles(directory.path, { isDurable: true });
    const seen: string[][] = [];
    const sync = async () => void seen.push(names.filter((name) => existsSync(join(directory.path, name))));
    files.syncBy({ device: statSync(directory.path).dev, sync });
    const all = names.map((name) => ({ path: join(directory.path, name), bytes: bytesOf(name) }));
    await files.replaceFiles(all.slice(0, 3), { isDurable: false });
    await files.replaceFiles(all.slice(3, 4), { isDurable: false });
    await files.moveOver(all[2]?.path ?? "", all[0]?.path ?? "", { sizeBytes: 1, isDurable: false });
    await files.moveOver(all[3]?.path ?? "", all[4]?.path ?? "", { sizeBytes: 1 });
    // The first is of the link itself, which is young.
    expect(seen).toEqual([[], ["a"], ["a", "elsewhere/b", "c"], ["a", "elsewhere/b", "elsewhere/d"]]);
  });
});
