// The suite of the port of garbage.
import { expect, test } from "bun:test";
import type { Driver } from "../../src/storage/driver.ts";
import type { Collection, Condemned } from "../../src/storage/garbage.ts";
import type { Key } from "../../src/storage/ports.ts";
import type { OpenTestStore } from "./contract.ts";
import { put, take } from "./store-access.ts";

const key = "docker/registry/v2/blobs/sha256/ab/abc/data";
const otherKey = "docker/registry/v2/blobs/sha256/ab/abcd/data";

/** Does the work as the only collection; throws where another one is under way. */
async function collecting<T>(
  driver: Driver,
  work: (collection: Collection, listed: readonly Condemned[]) => Promise<T>,
  tag?: string,
): Promise<T> {
  const collection = await driver.garbage.collect(tag === undefined ? { note: "the test" } : { note: "the test", tag });
  if ("heldBy" in collection) throw new Error(collection.heldBy);
  await using held = collection;
  return await work(held, await held.condemned());
}

/** A whole collection that condemns what is under these keys. */
async function condemn(driver: Driver, keys: readonly Key[], tag?: string): Promise<void> {
  const work = async (collection: Collection) => {
    for (const each of keys) {
      const judged = await driver.objects.stat(each);
      if (judged === undefined) throw new Error(`${each} is not there`);
      await collection.condemn(each, judged);
    }
    await collection.finish();
  };
  await collecting(driver, work, tag);
}

/** The contents of what is listed. */
function contentsOf(listed: readonly Condemned[]): readonly (Key | undefined)[] {
  return listed.map(({ content }) => content).toSorted();
}

export function describeCollection(open: OpenTestStore): void {
  test("what one collection condemns the next one destroys", async () => {
    using store = await open();
    const { driver, other } = store;
    for (const each of [key, otherKey]) await put(driver, each, "x");
    await condemn(driver, [key]);
    const [listed, destroyed] = await collecting(other, async (collection, entries) => {
      return [entries, await collection.destroy(entries)];
    });
    expect([contentsOf(listed), contentsOf(destroyed)]).toEqual([[key], [key]]);
    expect([await take(driver, key), await take(driver, otherKey)]).toEqual([undefined, "x"]);
    expect(await driver.garbage.restore(key)).toBe(false);
  });

  test("what is condemned is known by its size and age, and whoever needs it has it back", async () => {
    using store = await open();
    const { driver, other } = store;
    await put(driver, key, "text");
    await condemn(driver, [key]);
    const [entry] = await other.garbage.list();
    if (entry === undefined) throw new Error("it is not listed");
    const stat = await other.garbage.stat(entry);
    const isReadable = entry.isInPlace || (await other.garbage.open(key))?.sizeBytes === 4;
    const isBack = await other.garbage.restore(key);
    expect([stat?.sizeBytes, Number.isFinite(stat?.changedMs), isReadable, isBack !== entry.isInPlace]).toEqual([
      4,
      true,
      true,
      true,
    ]);
    expect([await take(driver, key), await other.garbage.open(key)]).toEqual(["text", undefined]);
  });

  test("what was replaced since it was judged stays", async () => {
    using store = await open();
    const { driver, other } = store;
    await put(driver, key, "old");
    const judged = await driver.objects.stat(key);
    if (judged === undefined) throw new Error("it was just written");
    await collecting(driver, async (collection) => {
      await put(other, key, "new");
      await collection.condemn(key, judged);
      await collection.finish();
    });
    await collecting(driver, (collection, listed) => collection.destroy(listed));
    expect(await take(driver, key)).toBe("new");
  });

  test("what is pushed again between two collections is not what the second one destroys", async () => {
    using store = await open();
    const { driver, other } = store;
    await put(driver, key, "old");
    await condemn(driver, [key]);
    await put(other, key, "new");
    await collecting(driver, (collection, listed) => collection.destroy(listed));
    expect(await take(driver, key)).toBe("new");
  });

  test("what a collection neither destroys nor condemns anew is still there", async () => {
    using store = await open();
    const { driver } = store;
    await put(driver, key, "x");
    await condemn(driver, [key]);
    await collecting(driver, async () => {});
    await driver.garbage.restore(key);
    expect(await take(driver, key)).toBe("x");
  });

  test("there is one collection at a time, and the next one begins when it is over", async () => {
    using store = await open();
    const { driver, other } = store;
    await collecting(driver, async () => {
      expect(await other.garbage.collect({ note: "another" })).toMatchObject({ heldBy: "the test" });
    });
    expect(await collecting(other, async () => "over")).toBe("over");
  });

  test("a collection with a mark sees only what has the mark", async () => {
    using store = await open();
    const { driver, other } = store;
    for (const each of [key, otherKey]) await put(driver, each, "x");
    await condemn(driver, [key]);
    await condemn(driver, [otherKey], "cache");
    const listed = await collecting(other, async (_collection, entries) => entries, "cache");
    expect(contentsOf(listed)).toEqual([otherKey]);
  });

  test("damaged bytes that are set aside are in nobody's way and never come back; others stay", async () => {
    using store = await open();
    const { driver, other } = store;
    await put(driver, key, "damaged");
    const judged = await driver.objects.stat(key);
    if (judged === undefined) throw new Error("it was just written");
    const isAside = await other.garbage.setAside(key, judged);
    // Other nodes may hear of it a few seconds later.
    const seen = await other.objects.stat(key);
    const isBack = await driver.garbage.restore(key);
    await put(driver, key, "healed");
    const isAsideAgain = await driver.garbage.setAside(key, judged);
    expect([isAside, seen === undefined || seen.isDamaged, isBack, isAsideAgain]).toEqual([true, true, false, false]);
    expect([await take(driver, key), (await driver.objects.stat(key))?.isDamaged]).toEqual(["healed", false]);
  });
}
