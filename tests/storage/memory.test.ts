import { describe, expect, test } from "bun:test";
import type { OpenLockedStore } from "./contract.ts";
import { describeChanges } from "./contract-changes.ts";
import { describeCollection } from "./contract-collection.ts";
import { describeDirectory } from "./contract-directory.ts";
import { describeDirectoryObjects } from "./contract-directory-objects.ts";
import { describeLocks } from "./contract-locks.ts";
import { describeObjects } from "./contract-objects.ts";
import { describeTransfers } from "./contract-transfers.ts";
import { describeTrash } from "./contract-trash.ts";
import { describeExclusiveUploads, describeUploads } from "./contract-uploads.ts";
import { openMemory } from "./memory.ts";
import { put } from "./store-access.ts";

const open: OpenLockedStore = async () => {
  const driver = openMemory();
  return { driver, other: driver, [Symbol.dispose]: () => undefined };
};

describe("objects in memory", () => describeObjects(open));
describe("objects in memory, as in a directory", () => describeDirectoryObjects(open));
describe("changes in memory", () => describeChanges(open));
describe("directories in memory", () => describeDirectory(open));
describe("locks in memory", () => describeLocks(open));
describe("garbage in memory", () => describeCollection(open));
describe("the trash in memory", () => describeTrash(open));
describe("uploads in memory", () => describeUploads(open));
describe("holds on uploads in memory", () => describeExclusiveUploads(open));
describe("transfers in memory", () => describeTransfers(open));

test("the memory driver takes its time from the clock that it is given", async () => {
  let nowMs = 1000;
  const driver = openMemory(() => nowMs);
  await put(driver, "a/link", "x");
  const written = await driver.objects.stat("a/link");
  nowMs = 2000;
  await driver.objects.renew("a/link");
  expect([
    written?.changedMs,
    (await driver.objects.stat("a/link"))?.changedMs,
    await driver.directory.prefixTime("a"),
  ]).toEqual([1000, 2000, 1000]);
});
