// What holds for every store is in contract-collection.ts.
import { describe, expect, test } from "bun:test";
import { describeOnDisk } from "./contract.ts";
import { describeCollection } from "./contract-collection.ts";
import { openMemory } from "./memory.ts";
import { put, take } from "./store-access.ts";

describeOnDisk(describeCollection);

const key = "docker/registry/v2/blobs/sha256/ab/abc/data";

describe("garbage in a trash", () => {
  test("an entry that was listed is destroyed alone, whatever came into the trash since", async () => {
    const driver = openMemory();
    await put(driver, key, "x");
    await driver.trash.discard(key, "blobs/sha256/ab/abc.1");
    const collection = await driver.garbage.collect({ note: "" });
    if ("heldBy" in collection) throw new Error(collection.heldBy);
    await using held = collection;
    const listed = await held.condemned();
    await driver.garbage.restore(key);
    await driver.trash.discard(key, "blobs/sha256/ab/abc.2");
    await held.destroy(listed);
    expect([await driver.garbage.restore(key), await take(driver, key)]).toEqual([true, "x"]);
  });

  test("no name is given twice, by any collection", async () => {
    const driver = openMemory();
    for (let round = 0; round < 4; round += 1) {
      const collection = await driver.garbage.collect(round % 2 === 0 ? { note: "" } : { note: "", tag: "cache" });
      if ("heldBy" in collection) throw new Error(collection.heldBy);
      await using held = collection;
      for (let count = 0; count < 2; count += 1) {
        await put(driver, key, "x");
        const judged = await driver.objects.stat(key);
        if (judged !== undefined) await held.condemn(key, judged);
      }
    }
    expect(new Set((await driver.garbage.list()).map(({ name }) => name)).size).toBe(8);
  });

  test("a setting aside that was killed half-way leaves what comes back", async () => {
    const driver = openMemory();
    await put(driver, key, "x");
    await driver.trash.discard(key, "blobs/sha256/ab/abc.1.check");
    const [entry] = await driver.garbage.list();
    expect([entry?.isSetAside, await driver.garbage.restore(key)]).toEqual([false, true]);
  });

  test("tidy() destroys what killed deletions of tags and uploads left, and no content", async () => {
    const driver = openMemory();
    await put(driver, "t/v1/current/link", "x");
    await put(driver, "u/1/data", "x");
    await put(driver, key, "x");
    await driver.trash.discard("t/v1", "tags/1");
    await driver.trash.discard("u/1", "uploads/1");
    await driver.trash.discard(key, "blobs/sha256/ab/abc.1");
    await driver.garbage.tidy();
    const left = await Promise.all(["tags", "uploads", "blobs"].map((kind) => driver.trash.list(kind)));
    expect(left).toEqual([[], [], ["blobs/sha256/ab/abc.1"]]);
  });
});
