// The part of the contract about the trash: trash, restore, purge.
import { expect, test } from "bun:test";
import type { LockedStore, OpenLockedStore } from "./contract.ts";
import { put, take, until } from "./store-access.ts";

const key = "docker/blobs/ab/data";
const name = "blobs/sha256/ab/abc";

export function describeTrash(open: OpenLockedStore): void {
  test("an object in the trash is out of sight and comes back whole", async () => {
    using store = await open();
    const { driver, other } = store;
    await put(driver, key, "x");
    const isMoved = await driver.trash.discard(key, `${name}.run-1`);
    const meanwhile = await other.objects.stat(key);
    const isBack = await other.trash.restore(name, key);
    expect([isMoved, meanwhile, isBack, await take(driver, key), await driver.trash.restore(name, key)]).toEqual([
      true,
      undefined,
      true,
      "x",
      false,
    ]);
  });

  test("what is not there cannot be put into the trash, nor be brought back", async () => {
    using store = await open();
    expect([
      await store.driver.trash.discard(key, `${name}.run-1`),
      await store.driver.trash.restore(name, key),
      await store.driver.objects.stat(key),
    ]).toEqual([false, false, undefined]);
  });

  test.each([
    [`${name}.run-1`, true],
    [`${name}.1.check`, true],
    [`${name}.1.bad`, false],
    [name, false],
    [`${name}d.run-1`, false],
  ])("restore() for %p: %p", async (entry, want) => {
    using store = await open();
    await put(store.driver, key, "x");
    await store.driver.trash.discard(key, entry);
    expect([await store.other.trash.restore(name, key), await take(store.driver, key)]).toEqual([
      want,
      want ? "x" : undefined,
    ]);
  });

  test("restore() passes over the damaged entry and takes another one", async () => {
    using store = await open();
    for (const [text, entry] of [
      ["bad", `${name}.1.bad`],
      ["good", `${name}.2`],
    ] as const) {
      await put(store.driver, key, text);
      await store.driver.trash.discard(key, entry);
    }
    expect([await store.driver.trash.restore(name, key), await take(store.driver, key)]).toEqual([true, "good"]);
  });

  test("restore() leaves what the key has", async () => {
    using store = await open();
    await put(store.driver, key, "old");
    await store.driver.trash.discard(key, `${name}.1`);
    await put(store.driver, key, "new");
    const isThere = await store.other.trash.restore(name, key);
    const kept = await take(store.driver, key);
    await store.driver.objects.delete(key);
    expect([isThere, kept, await store.other.trash.restore(name, key), await take(store.driver, key)]).toEqual([
      true,
      "new",
      true,
      "old",
    ]);
  });

  test("of several who bring it back at once, each finds the object then", async () => {
    using store = await open();
    for (let round = 0; round < 10; round += 1) {
      await put(store.driver, key, "x");
      await store.driver.trash.discard(key, `${name}.${round}`);
      const look = async (driver: typeof store.driver) => {
        await driver.trash.restore(name, key);
        return take(driver, key);
      };
      expect(await Promise.all([look(store.driver), look(store.other), look(store.driver)])).toEqual(["x", "x", "x"]);
    }
  });

  test("a prefix goes into the trash with all below it", async () => {
    using store = await open();
    const { driver, other } = store;
    await put(driver, "t/v1/current/link", "x");
    await put(driver, "t/v1/index/a/link", "x");
    await put(driver, "t/v2/current/link", "y");
    expect([
      await driver.trash.discard("t/v1", "tags/1"),
      await other.objects.stat("t/v1/current/link"),
      await other.objects.list("t"),
      await take(other, "t/v2/current/link"),
      await driver.trash.discard("t/v1", "tags/2"),
    ]).toEqual([true, undefined, ["v2"], "y", false]);
  });

  test("of two who put it into the trash at once, one is told that it was there", async () => {
    using store = await open();
    await put(store.driver, "t/v1/current/link", "x");
    const outcomes = await Promise.all([
      store.driver.trash.discard("t/v1", "tags/1"),
      store.other.trash.discard("t/v1", "tags/2"),
    ]);
    expect(outcomes.toSorted()).toEqual([false, true]);
  });

  test("what was purged is gone for good", async () => {
    using store = await open();
    const { driver, other } = store;
    await put(driver, key, "x");
    await put(driver, "t/v1/current/link", "y");
    await driver.trash.discard(key, `${name}.1`);
    await driver.trash.discard("t/v1", "tags/1");
    for (const entry of [`${name}.1`, "tags/1", "tags/none"]) await other.trash.destroy(entry);
    expect([await driver.trash.restore(name, key), await take(driver, key)]).toEqual([false, undefined]);
  });

  test("condemn() moves the object that was judged, with its prefix when that is empty then", async () => {
    using store = await open();
    const { driver, other } = store;
    await put(driver, key, "x");
    const judged = await driver.objects.stat(key);
    if (judged === undefined) throw new Error("it was just written");
    expect([
      await other.trash.condemn(key, `${name}.1`, judged),
      await driver.objects.stat(key),
      (await driver.directory.prefixTime("docker/blobs/ab")) !== undefined,
      await driver.trash.condemn(key, `${name}.2`, judged),
      await driver.trash.restore(name, key),
      await take(driver, key),
    ]).toEqual([true, undefined, false, false, true, "x"]);
  });

  test.each([
    ["replaced", async (store: LockedStore) => put(store.other, key, "new"), "new"],
    ["touched", async (store: LockedStore) => until(() => isNewer(store)), "old"],
  ] as const)("condemn() leaves an object that was %s since it was judged", async (_what, meanwhile, want) => {
    using store = await open();
    await put(store.driver, key, "old");
    const judged = await store.driver.objects.stat(key);
    if (judged === undefined) throw new Error("it was just written");
    await meanwhile(store);
    expect([
      await store.driver.trash.condemn(key, `${name}.1`, judged),
      await take(store.other, key),
      await store.other.trash.list("blobs"),
    ]).toEqual([false, want, []]);
  });

  test("list() names entries by their kind, stat() tells of one", async () => {
    using store = await open();
    const { driver, other } = store;
    const entries = [`${name}.1`, "blobs/sha256/ab/abd.1.bad", "blobs/sha512/00/0.1"];
    const beforeMs = Date.now() - 50;
    for (const entry of entries) {
      await put(driver, key, "four");
      await driver.trash.discard(key, entry);
    }
    await put(driver, "t/v1/current/link", "x");
    await driver.trash.discard("t/v1", "tags/1");
    const stat = await other.trash.stat(`${name}.1`);
    expect([
      (await other.trash.list("blobs")).toSorted(),
      await other.trash.list("tags"),
      await other.trash.list("uploads"),
      stat?.sizeBytes,
      (stat?.changedMs ?? 0) >= beforeMs,
      await other.trash.stat(`${name}.2`),
    ]).toEqual([entries.toSorted(), ["tags/1"], [], 4, true, undefined]);
  });
}

/** Touches the object; whether its time is another one then. Clocks of filesystems move in steps. */
async function isNewer({ driver, other }: LockedStore): Promise<boolean> {
  const before = await driver.objects.stat(key);
  await other.objects.renew(key);
  return (await driver.objects.stat(key))?.modifiedMs !== before?.modifiedMs;
}
