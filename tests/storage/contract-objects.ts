// The suite of the port of objects.

import { expect, test } from "bun:test";
import { contentText } from "../content-text.ts";
import type { OpenTestStore } from "./contract.ts";
import { bytesOf, put, take, until } from "./store-access.ts";

const megabyte = 1024 * 1024;

/** What a clock may be behind: those of object stores tell whole seconds. */
const clockSlackMs = 1000;

export function describeObjects(open: OpenTestStore): void {
  test("what was never written is absent to every call", async () => {
    using store = await open();
    const { driver } = store;
    expect([
      await driver.objects.stat("a/b/link"),
      await driver.objects.read("a/b/link", 10),
      await driver.objects.open("a/b/link"),
      await driver.objects.renew("a/b/link"),
      await driver.objects.delete("a/b/link"),
    ]).toEqual([undefined, undefined, undefined, false, false]);
  });

  test("a prefix is no object", async () => {
    using store = await open();
    await put(store.driver, "a/b/link", "x");
    expect([
      await store.driver.objects.stat("a/b"),
      await store.driver.objects.read("a/b", 10),
      await store.driver.objects.open("a/b"),
      await store.driver.objects.delete("a"),
    ]).toEqual([undefined, undefined, undefined, false]);
  });

  test.each(["", "x", "x".repeat(200_000)])("what was written is read, opened and measured (%#)", async (text) => {
    using store = await open();
    await put(store.driver, "a/b/data", text);
    const content = await store.other.objects.open("a/b/data");
    if (content === undefined) throw new Error("nothing is there");
    expect([
      (await store.other.objects.stat("a/b/data"))?.sizeBytes,
      await take(store.other, "a/b/data"),
      await contentText(content),
      await contentText(content.slice(0, 1)),
      content.sizeBytes,
    ]).toEqual([text.length, text, text, text.slice(0, 1), text.length]);
  });

  test("read() gives what is as large as it may be, and nothing of what is larger", async () => {
    using store = await open();
    await put(store.driver, "a/link", "12345");
    expect([await store.driver.objects.read("a/link", 5), await store.driver.objects.read("a/link", 4)]).toEqual([
      bytesOf("12345") as never,
      undefined,
    ]);
  });

  test("put() keeps a copy of its own", async () => {
    using store = await open();
    const bytes = bytesOf("before");
    await store.driver.objects.put("a/link", bytes);
    bytes.fill(0);
    (await store.driver.objects.read("a/link", 10))?.fill(0);
    expect(await take(store.driver, "a/link")).toBe("before");
  });

  test("put() replaces as a whole: who reads meanwhile sees the old or the new object", async () => {
    using store = await open();
    await put(store.driver, "a/data", "0".repeat(megabyte));
    let isDone = false;
    const seen = new Set<string>();
    const read = async () => {
      while (!isDone) {
        const text = (await take(store.other, "a/data")) ?? "absent";
        seen.add(text.length === megabyte && text === (text[0] ?? "").repeat(megabyte) ? "whole" : "torn");
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    const write = async (digits: string) => {
      for (const digit of digits) await put(store.driver, "a/data", digit.repeat(megabyte));
    };
    const reading = read();
    await Promise.all([write("1234"), write("5678")]);
    isDone = true;
    await reading;
    expect([...seen]).toEqual(["whole"]);
  });

  test("put() succeeds while others remove what lies beside it", async () => {
    using store = await open();
    for (let round = 0; round < 20; round += 1) {
      await put(store.driver, "a/b/old", "x");
      await Promise.all([
        put(store.driver, "a/b/new", "y"),
        store.other.objects.delete("a/b/old"),
        put(store.driver, "a/b/c/deep", "z"),
      ]);
      expect([await take(store.other, "a/b/new"), await take(store.other, "a/b/c/deep")]).toEqual(["y", "z"]);
      await Promise.all([store.driver.objects.delete("a/b/new"), store.other.objects.delete("a/b/c/deep")]);
    }
  });

  test("delete() removes once, and the prefix when nothing else lies below it", async () => {
    using store = await open();
    const { driver, other } = store;
    await put(driver, "a/b/one", "1");
    await put(driver, "a/b/two", "2");
    await put(driver, "a/c/three", "3");
    const first = [
      await driver.objects.delete("a/b/one"),
      await other.objects.delete("a/b/one"),
      (await other.directory.prefixTime("a/b")) !== undefined,
    ];
    const second = [
      await driver.objects.delete("a/b/two"),
      (await other.directory.prefixTime("a/b")) !== undefined,
      (await other.directory.prefixTime("a")) !== undefined,
    ];
    expect([first, second, await other.objects.stat("a/b/two")]).toEqual([
      [true, false, true],
      [true, false, true],
      undefined,
    ]);
  });

  test("delete() that need not be durable removes the same, for good after syncAll()", async () => {
    using store = await open();
    const { driver, other } = store;
    await put(driver, "a/b/link", "x");
    await put(driver, "a/c/link", "x");
    const outcomes = [
      await driver.objects.delete("a/b/link", { isDurable: false }),
      await other.objects.delete("a/b/link", { isDurable: false }),
      await driver.objects.delete("a", { isDurable: false }),
    ];
    await driver.directory.syncAll();
    expect([
      outcomes,
      await other.objects.stat("a/b/link"),
      (await other.directory.prefixTime("a/b")) !== undefined,
      (await other.directory.prefixTime("a")) !== undefined,
    ]).toEqual([[true, false, false], undefined, false, true]);
  });

  test("changedMs is the time of the last write", async () => {
    using store = await open();
    const beforeMs = Date.now() - clockSlackMs;
    await put(store.driver, "a/link", "x");
    const changedMs = (await store.other.objects.stat("a/link"))?.changedMs ?? 0;
    expect([changedMs >= beforeMs, changedMs <= Date.now() + 1]).toEqual([true, true]);
  });

  test("renew() sets the time to now and leaves the bytes", async () => {
    using store = await open();
    await put(store.driver, "a/link", "x");
    const firstMs = (await store.driver.objects.stat("a/link"))?.changedMs ?? 0;
    // Clocks of filesystems move in steps.
    await until(
      async () =>
        (await store.other.objects.renew("a/link")) &&
        ((await store.driver.objects.stat("a/link"))?.changedMs ?? 0) > firstMs,
    );
    expect(await take(store.driver, "a/link")).toBe("x");
  });

  test("names come as a list has them, in whatever order, and may be left off", async () => {
    using store = await open();
    for (let index = 0; index < 50; index += 1) await put(store.driver, `a/n${index}/link`, "x");
    await put(store.driver, "a/object", "x");
    const names = await Array.fromAsync(await store.other.objects.names("a"));
    expect(names.toSorted()).toEqual([...(await store.driver.objects.list("a"))]);
    for await (const name of await store.driver.objects.names("a")) {
      expect(names).toContain(name);
      break;
    }
    expect(await Array.fromAsync(await store.driver.objects.names("none"))).toEqual([]);
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
    expect(await store.other.objects.list("p", options)).toEqual(want);
  });
}
