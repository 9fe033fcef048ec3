import { expect, test } from "bun:test";
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { EntrySyncs } from "../../src/storage/entry-syncs.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

/** Syncs by a journal that lies on the device of the directory. */
function open({ isDurable = true } = {}) {
  const directory = temporaryDirectory({ isInMemory: true });
  const { dev: device } = statSync(directory.path);
  const syncs = new EntrySyncs({ isDurable });
  let count = 0;
  const sync = async () => {
    count += 1;
  };
  syncs.use({ device, sync });
  return {
    path: directory.path,
    device,
    syncs,
    count: () => count,
    [Symbol.dispose]: () => directory[Symbol.dispose](),
  };
}

test("a store that is not durable syncs nothing, and is in order", async () => {
  using store = open({ isDurable: false });
  await store.syncs.sync(store.path);
  await store.syncs.settle([store], { isDurable: true });
  await store.syncs.flush();
  expect([store.count(), store.syncs.isOrdered, store.syncs.isJournaled(store.device)]).toEqual([0, true, false]);
});

test("several directories take one sync of the journal, and one of their own each that lies elsewhere", async () => {
  using store = open();
  const elsewhere = join(store.path, "elsewhere");
  mkdirSync(elsewhere);
  await store.syncs.settle([store, { path: elsewhere, device: -1 }, store], { isDurable: true });
  await store.syncs.settle([{ path: join(store.path, "gone"), device: -1 }], { isDurable: true });
  expect(store.count()).toBe(1);
});

test("without a journal directories are synced one by one, many times at once", async () => {
  using directory = temporaryDirectory({ isInMemory: true });
  const syncs = new EntrySyncs({ isDurable: true });
  await Promise.all(Array.from({ length: 20 }, () => syncs.sync(directory.path)));
  await syncs.sync(join(directory.path, "gone"));
  await syncs.flush();
  expect(syncs.isOrdered).toBe(false);
});
