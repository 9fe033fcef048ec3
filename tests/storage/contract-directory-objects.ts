// The suite of the port of objects, as far as only a directory can keep it: objects that grow, prefixes that may be empty, a
// delete that tells who was first.

import { expect, test } from "bun:test";
import type { OpenLockedStore } from "./contract.ts";
import { bytesOf, put, take } from "./store-access.ts";

export function describeDirectoryObjects(open: OpenLockedStore): void {
  test("what is added is there for everybody, in the order of adding", async () => {
    using store = await open();
    await put(store.driver, "a/log", "one");
    const sizes = [
      await store.driver.objects.append("a/log", bytesOf("two")),
      await store.other.objects.append("a/log", bytesOf("3")),
    ];
    expect([sizes, await take(store.driver, "a/log")]).toEqual([[6, 7], "onetwo3"]);
  });

  test("nothing lies below an object", async () => {
    using store = await open();
    await put(store.driver, "a/b", "x");
    const { driver } = store;
    expect([
      await driver.objects.stat("a/b/c/link"),
      await driver.objects.read("a/b/c/link", 10),
      await driver.objects.delete("a/b/c/link"),
      await driver.objects.renew("a/b/c/link"),
      (await driver.directory.prefixTime("a/b/c")) !== undefined,
      await driver.directory.prefixTime("a/b/c"),
    ]).toEqual([undefined, undefined, false, false, false, undefined]);
  });

  test("the identity is another one for an object that takes the place, and stays across a renewal and a move", async () => {
    using store = await open();
    const { driver, other } = store;
    const identityOf = async () => (await other.objects.stat("a/link"))?.identity;
    await put(driver, "a/link", "x");
    const first = await identityOf();
    await driver.objects.renew("a/link");
    const touched = await identityOf();
    await driver.trash.discard("a/link", "blobs/sha256/ab/abc.1");
    await put(driver, "a/link", "x");
    const second = await identityOf();
    const moved = (await other.trash.stat("blobs/sha256/ab/abc.1"))?.identity;
    expect([first === touched, first === moved, first === second]).toEqual([true, true, false]);
  });

  test("of two who delete at once, one is told that it was there", async () => {
    using store = await open();
    await put(store.driver, "a/link", "x");
    const outcomes = await Promise.all([store.driver.objects.delete("a/link"), store.other.objects.delete("a/link")]);
    expect(outcomes.toSorted()).toEqual([false, true]);
  });

  test("list() has prefixes right below, and never objects", async () => {
    using store = await open();
    await put(store.driver, "p/a/deep/link", "x");
    await put(store.driver, "p/object", "x");
    await store.driver.directory.makePrefix("p/empty");
    expect([
      await store.driver.objects.list("p"),
      await store.driver.objects.list("p/a"),
      await store.driver.objects.list("none"),
    ]).toEqual([["a", "empty"], ["deep"], []]);
  });

  test("list() tells of objects where it is asked to, and refuses what lies below one", async () => {
    using store = await open();
    await put(store.driver, "p/a/link", "x");
    await put(store.driver, "p/object", "x");
    const others: string[] = [];
    expect(await store.driver.objects.list("p", { others: (name) => others.push(name) })).toEqual(["a"]);
    expect(others).toEqual(["object"]);
    for (const prefix of ["p/object", "p/object/below"]) {
      await expect(store.driver.objects.list(prefix)).rejects.toMatchObject({ code: "ENOTDIR" });
    }
  });

  test("put() takes the place of a prefix with nothing below it, and of no other", async () => {
    using store = await open();
    await store.driver.directory.makePrefix("p/empty");
    await put(store.driver, "p/full/object", "x");
    await put(store.driver, "p/empty", "y");
    expect([
      await store.driver.directory.isObstructed("p/empty"),
      (await store.driver.directory.prefixTime("p/empty")) !== undefined,
    ]).toEqual([false, false]);
    await expect(put(store.driver, "p/full", "y")).rejects.toMatchObject({ code: "EISDIR" });
    expect((await store.driver.objects.stat("p/full/object"))?.sizeBytes).toBe(1);
  });

  test("several objects are put in order; a later one that cannot be put leaves the earlier ones", async () => {
    using store = await open();
    const objects = ["a/b/link", "a/c", "a"].map((key) => ({ key, bytes: bytesOf(key) }));
    await store.driver.objects.putAll(objects.slice(0, 2), { isDurable: false });
    await store.driver.objects.flush();
    expect([await take(store.other, "a/b/link"), await take(store.other, "a/c")]).toEqual(["a/b/link", "a/c"]);
    await expect(store.driver.objects.putAll(objects)).rejects.toThrow("EISDIR");
  });
}
