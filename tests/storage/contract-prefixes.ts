// The part of the contract about prefixes: list, exists, prefixTime, makePrefix, countObjects, removeEmpty, removePrefix.
import { expect, test } from "bun:test";
import type { OpenTestStore } from "./contract.ts";
import { put, take } from "./store-access.ts";

const clockSlackMs = 50;

export function describePrefixes(open: OpenTestStore): void {
  test("names come as a list has them, in whatever order, and may be left off", async () => {
    using store = await open();
    for (let index = 0; index < 50; index += 1) await put(store.driver, `a/n${index}/link`, "x");
    await put(store.driver, "a/object", "x");
    const names = await Array.fromAsync(await store.other.names("a"));
    expect(names.toSorted()).toEqual([...(await store.driver.list("a"))]);
    for await (const name of await store.driver.names("a")) {
      expect(names).toContain(name);
      break;
    }
    expect(await Array.fromAsync(await store.driver.names("none"))).toEqual([]);
  });

  const inByteOrder = ["A", "B-", "B.b", "B0", "B_", "Ba", "a", "a-b", "a.b", "a0", "ab"];

  test.each([
    [{}, inByteOrder],
    [{ limit: 3 }, inByteOrder.slice(0, 3)],
    [{ limit: 0 }, []],
    [{ limit: 100 }, inByteOrder],
    [{ after: "B0" }, inByteOrder.slice(4)],
    [{ after: "B0", limit: 2 }, inByteOrder.slice(4, 6)],
    [{ after: "a/" }, inByteOrder.slice(9)],
    [{ after: "" }, inByteOrder],
    [{ after: "zz" }, []],
  ])("list(%j) has names in byte order", async (options, want) => {
    using store = await open();
    for (const name of inByteOrder.toReversed()) await put(store.driver, `p/${name}/link`, "x");
    expect(await store.other.list("p", options)).toEqual(want);
  });

  test("list() has prefixes right below, and never objects", async () => {
    using store = await open();
    await put(store.driver, "p/a/deep/link", "x");
    await put(store.driver, "p/object", "x");
    await store.driver.makePrefix("p/empty");
    expect([await store.driver.list("p"), await store.driver.list("p/a"), await store.driver.list("none")]).toEqual([
      ["a", "empty"],
      ["deep"],
      [],
    ]);
  });

  test("list() tells of objects where it is asked to, and refuses what lies below one", async () => {
    using store = await open();
    await put(store.driver, "p/a/link", "x");
    await put(store.driver, "p/object", "x");
    const others: string[] = [];
    expect(await store.driver.list("p", { others: (name) => others.push(name) })).toEqual(["a"]);
    expect(others).toEqual(["object"]);
    for (const prefix of ["p/object", "p/object/below"]) {
      await expect(store.driver.list(prefix)).rejects.toMatchObject({ code: "ENOTDIR" });
    }
  });

  test("write() takes the place of a prefix with nothing below it, and of no other", async () => {
    using store = await open();
    await store.driver.makePrefix("p/empty");
    await put(store.driver, "p/full/object", "x");
    await put(store.driver, "p/empty", "y");
    expect([await store.driver.isObstructed("p/empty"), await store.driver.exists("p/empty")]).toEqual([false, false]);
    await expect(put(store.driver, "p/full", "y")).rejects.toMatchObject({ code: "EISDIR" });
    expect((await store.driver.stat("p/full/object"))?.sizeBytes).toBe(1);
  });

  test("isObstructed() is true where a prefix is in an object's place, or an object on the way", async () => {
    using store = await open();
    await put(store.driver, "p/object", "x");
    await store.driver.makePrefix("p/prefix");
    const keys = ["p/object", "p/none", "none/none", "p/prefix", "p/object/below", "p/object/below/below"];
    expect(await Promise.all(keys.map((key) => store.driver.isObstructed(key)))).toEqual([
      false,
      false,
      false,
      true,
      true,
      true,
    ]);
  });

  test("a prefix exists when it was made, or something was written below it", async () => {
    using store = await open();
    await put(store.driver, "a/b/c/link", "x");
    await store.driver.makePrefix("made/empty");
    await store.driver.makePrefix("made/empty");
    const { other } = store;
    expect([
      await other.exists("a/b"),
      await other.exists("made/empty"),
      await other.exists("a/b/c/link"),
      await other.exists("a/bb"),
    ]).toEqual([true, true, false, false]);
  });

  test("prefixTime() is when it was made, or later", async () => {
    using store = await open();
    const beforeMs = Date.now() - clockSlackMs;
    await store.driver.makePrefix("a/b");
    const madeMs = (await store.other.prefixTime("a/b")) ?? 0;
    expect([madeMs >= beforeMs, madeMs <= Date.now() + 1, await store.driver.prefixTime("a/c")]).toEqual([
      true,
      true,
      undefined,
    ]);
  });

  test("removeEmpty() removes what is empty, from below", async () => {
    using store = await open();
    await store.driver.makePrefix("p/a/b");
    await store.driver.makePrefix("p/c");
    expect([
      await store.other.removeEmpty("p"),
      await store.driver.exists("p"),
      await store.driver.removeEmpty("p"),
    ]).toEqual([true, false, true]);
  });

  test("removeEmpty() leaves objects and the way to them", async () => {
    using store = await open();
    await put(store.driver, "p/a/link", "x");
    await store.driver.makePrefix("p/a/empty");
    expect([await store.other.removeEmpty("p"), await take(store.driver, "p/a/link")]).toEqual([false, "x"]);
  });

  test("countObjects() counts what removeEmpty() would leave", async () => {
    using store = await open();
    await store.driver.makePrefix("p/a/b");
    await put(store.driver, "q/a/link", "x");
    const asked = ["p", "p/a", "q", "q/a", "none"].map((prefix) => store.other.countObjects(prefix));
    expect(await Promise.all(asked)).toEqual([0, 0, 1, 1, 0]);
    expect(await store.driver.exists("p/a/b")).toBe(true);
  });

  test("removePrefix() removes one that has nothing below it at all", async () => {
    using store = await open();
    await store.driver.makePrefix("p/a/b");
    await put(store.driver, "q/link", "x");
    const { driver, other } = store;
    expect([
      await other.removePrefix("p"),
      await driver.exists("p/a/b"),
      await other.removePrefix("p/a/b"),
      await driver.list("p"),
      await driver.list("p/a"),
      await other.removePrefix("q"),
      await take(driver, "q/link"),
      await other.removePrefix("none"),
    ]).toEqual([false, true, true, ["a"], [], false, "x", true]);
  });

  test("who makes a prefix, or writes below it, succeeds while others remove what is empty", async () => {
    using store = await open();
    for (let round = 0; round < 20; round += 1) {
      await store.driver.makePrefix("p/a");
      const removing = [store.other.removeEmpty("p"), store.other.removePrefix("p")];
      await Promise.all([put(store.driver, "p/a/b/link", "x"), ...removing]);
      expect(await take(store.other, "p/a/b/link")).toBe("x");
      await store.driver.delete("p/a/b/link");
      await store.other.removeEmpty("p");
    }
  });
}
