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
  await store.syncs.settle(store, { isDurable: true });
  await store.syncs.flush();
  expect([store.count(), store.syncs.isOrdered, store.syncs.isJournaled(store.device)]).toEqual([0, true, false]);
});

test("directories take one sync of the journal when they are flushed, and one of their own each that lies elsewhere", async () => {
  using store = open();
  const elsewhere = join(store.path, "elsewhere");
  mkdirSync(elsewhere);
  for (const directory of [
    store,
    { path: elsewhere, device: -1 },
    { path: join(store.path, "gone"), device: -1 },
    store,
  ])
    await store.syncs.settle(directory, { isDurable: false });
  const before = store.count();
  await store.syncs.flush();
  await store.syncs.settle(store, { isDurable: true });
  expect([before, store.count()]).toEqual([0, 2]);
});

test("what the journal still has to write is written before anything is changed elsewhere", async () => {
  using store = open();
  await store.syncs.settle(store, { isDurable: false });
  await store.syncs.precede(store.device);
  const before = store.count();
  await store.syncs.precede(-1);
  await store.syncs.precede(-1);
  expect([before, store.count()]).toEqual([0, 1]);
});

test("without a journal directories are synced one by one, many times at once", async () => {
  using directory = temporaryDirectory({ isInMemory: true });
  const syncs = new EntrySyncs({ isDurable: true });
  await Promise.all(Array.from({ length: 20 }, () => syncs.sync(directory.path)));
  await syncs.sync(join(directory.path, "gone"));
  await syncs.flush();
  expect(syncs.isOrdered).toBe(false);
});
