import { describe, expect, test } from "bun:test";
import { readdirSync, statSync, writeFileSync } from "node:fs";
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
    await end(() => store.files.moveOver(join(store.root, "from"), join(store.root, "a/to"), 1));
    expect([await end(() => store.files.unlink(join(store.root, "a/to"))), store.seen.length]).toEqual([true, 2]);
    await end(() => store.files.syncAll(undefined));
    await store.files.syncDirectory(join(store.root, "none"));
    expect([store.seen.length, store.files.isOrdered]).toEqual([3, true]);
  });
});
