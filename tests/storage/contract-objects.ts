// The part of the contract about objects: stat, read, open, write, touch, delete, settle, sweepTemporary.
import { expect, test } from "bun:test";
import type { OpenTestStore } from "./contract.ts";
import { bytesOf, put, take, until } from "./store-access.ts";

const megabyte = 1024 * 1024;

/** What a clock of the filesystem may be behind. */
const clockSlackMs = 50;

export function describeObjects(open: OpenTestStore): void {
  test("what was never written is absent to every call", async () => {
    using store = await open();
    const { driver } = store;
    expect([
      await driver.stat("a/b/link"),
      await driver.read("a/b/link", 10),
      await driver.open("a/b/link"),
      await driver.append("a/b/link", bytesOf("x")),
      await driver.touch("a/b/link"),
      await driver.delete("a/b/link"),
    ]).toEqual([undefined, undefined, undefined, undefined, false, false]);
  });

  test("what is added is there for everybody, in the order of adding", async () => {
    using store = await open();
    await put(store.driver, "a/log", "one");
    const sizes = [await store.driver.append("a/log", bytesOf("two")), await store.other.append("a/log", bytesOf("3"))];
    expect([sizes, await take(store.driver, "a/log")]).toEqual([[6, 7], "onetwo3"]);
  });

  test("a prefix is no object", async () => {
    using store = await open();
    await put(store.driver, "a/b/link", "x");
    expect([
      await store.driver.stat("a/b"),
      await store.driver.read("a/b", 10),
      await store.driver.open("a/b"),
      await store.driver.delete("a"),
    ]).toEqual([undefined, undefined, undefined, false]);
  });

  test("nothing lies below an object", async () => {
    using store = await open();
    await put(store.driver, "a/b", "x");
    const { driver } = store;
    expect([
      await driver.stat("a/b/c/link"),
      await driver.read("a/b/c/link", 10),
      await driver.delete("a/b/c/link"),
      await driver.touch("a/b/c/link"),
      await driver.exists("a/b/c"),
      await driver.prefixTime("a/b/c"),
    ]).toEqual([undefined, undefined, false, false, false, undefined]);
  });

  test.each(["", "x", "x".repeat(200_000)])("what was written is read, opened and measured (%#)", async (text) => {
    using store = await open();
    await put(store.driver, "a/b/data", text);
    const blob = await store.other.open("a/b/data");
    expect([
      (await store.other.stat("a/b/data"))?.sizeBytes,
      await take(store.other, "a/b/data"),
      await blob?.text(),
      await blob?.slice(0, 1).text(),
      blob?.size,
    ]).toEqual([text.length, text, text, text.slice(0, 1), text.length]);
  });

  test("read() gives what is as large as it may be, and nothing of what is larger", async () => {
    using store = await open();
    await put(store.driver, "a/link", "12345");
    expect([await store.driver.read("a/link", 5), await store.driver.read("a/link", 4)]).toEqual([
      bytesOf("12345") as never,
      undefined,
    ]);
  });

  test("write() keeps a copy of its own", async () => {
    using store = await open();
    const bytes = bytesOf("before");
    await store.driver.write("a/link", bytes);
    bytes.fill(0);
    (await store.driver.read("a/link", 10))?.fill(0);
    expect(await take(store.driver, "a/link")).toBe("before");
  });

  test("write() replaces as a whole: who reads meanwhile sees the old or the new object", async () => {
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

  test("write() succeeds while others remove what lies beside it", async () => {
    using store = await open();
    for (let round = 0; round < 20; round += 1) {
      await put(store.driver, "a/b/old", "x");
      await Promise.all([
        put(store.driver, "a/b/new", "y"),
        store.other.delete("a/b/old"),
        put(store.driver, "a/b/c/deep", "z"),
      ]);
      expect([await take(store.other, "a/b/new"), await take(store.other, "a/b/c/deep")]).toEqual(["y", "z"]);
      await Promise.all([store.driver.delete("a/b/new"), store.other.delete("a/b/c/deep")]);
    }
  });

  test("delete() removes once, and the prefix when nothing else lies below it", async () => {
    using store = await open();
    const { driver, other } = store;
    await put(driver, "a/b/one", "1");
    await put(driver, "a/b/two", "2");
    const first = [await driver.delete("a/b/one"), await other.delete("a/b/one"), await other.exists("a/b")];
    const second = [await driver.delete("a/b/two"), await other.exists("a/b"), await other.exists("a")];
    expect([first, second, await other.stat("a/b/two")]).toEqual([[true, false, true], [true, false, true], undefined]);
  });

  test("forget() removes as delete() does, for good once syncAll() was there", async () => {
    using store = await open();
    const { driver, other } = store;
    await put(driver, "a/b/link", "x");
    const outcomes = [await driver.forget("a/b/link"), await other.forget("a/b/link"), await driver.forget("a")];
    await driver.syncAll();
    expect([outcomes, await other.stat("a/b/link"), await other.exists("a/b"), await other.exists("a")]).toEqual([
      [true, false, false],
      undefined,
      false,
      true,
    ]);
  });

  test("the identity is another one for an object that takes the place, and stays across a touch and a move", async () => {
    using store = await open();
    const { driver, other } = store;
    const identityOf = async () => (await other.stat("a/link"))?.identity;
    await put(driver, "a/link", "x");
    const first = await identityOf();
    await driver.touch("a/link");
    const touched = await identityOf();
    await driver.trash("a/link", "blobs/sha256/ab/abc.1");
    await put(driver, "a/link", "x");
    const second = await identityOf();
    const moved = (await other.statTrash("blobs/sha256/ab/abc.1"))?.identity;
    expect([first === touched, first === moved, first === second]).toEqual([true, true, false]);
  });

  test("damage is noted of the object that was judged, seen by everybody and kept in the trash; a replacement is without", async () => {
    using store = await open();
    const { driver, other } = store;
    const entry = "blobs/sha256/ab/abc.1";
    const isDamaged = async () => (await other.stat("a/link"))?.isDamaged;
    await put(driver, "a/link", "x");
    const judged = await driver.stat("a/link");
    if (judged === undefined) throw new Error("there is no object");
    const seen = [await isDamaged(), await driver.noteDamage("a/link", judged, true), await isDamaged()];
    await driver.touch("a/link");
    await driver.trash("a/link", entry);
    seen.push((await other.statTrash(entry))?.isDamaged, await driver.noteDamage("a/link", judged, true));
    await driver.restore("blobs/sha256/ab/abc", "a/link");
    seen.push(await isDamaged(), await driver.noteDamage("a/link", judged, false), await isDamaged());
    await put(driver, "a/link", "x");
    seen.push(await driver.noteDamage("a/link", judged, true), await isDamaged());
    expect([seen, await take(other, "a/link")]).toEqual([
      [false, true, true, true, false, true, true, false, false, false],
      "x",
    ]);
  });

  test("of two who delete at once, one is told that it was there", async () => {
    using store = await open();
    await put(store.driver, "a/link", "x");
    const outcomes = await Promise.all([store.driver.delete("a/link"), store.other.delete("a/link")]);
    expect(outcomes.toSorted()).toEqual([false, true]);
  });

  test("changedMs is the time of the last write", async () => {
    using store = await open();
    const beforeMs = Date.now() - clockSlackMs;
    await put(store.driver, "a/link", "x");
    const changedMs = (await store.other.stat("a/link"))?.changedMs ?? 0;
    expect([changedMs >= beforeMs, changedMs <= Date.now() + 1]).toEqual([true, true]);
  });

  test("touch() sets the time to now and leaves the bytes", async () => {
    using store = await open();
    await put(store.driver, "a/link", "x");
    const firstMs = (await store.driver.stat("a/link"))?.changedMs ?? 0;
    // Clocks of filesystems move in steps.
    await until(
      async () =>
        (await store.other.touch("a/link")) && ((await store.driver.stat("a/link"))?.changedMs ?? 0) > firstMs,
    );
    expect(await take(store.driver, "a/link")).toBe("x");
  });

  test("settle() changes nothing, whether there is something or not", async () => {
    using store = await open();
    await put(store.driver, "a/link", "x");
    await store.other.settle(["a/link", "a/none/link", "none/link"]);
    expect([await take(store.driver, "a/link"), await store.driver.exists("none")]).toEqual(["x", false]);
  });

  test("sweepTemporary() finds nothing where every writer came to its end", async () => {
    using store = await open();
    await put(store.driver, "docker/a.tmp/link", "x");
    await put(store.driver, "docker/a/link", "y");
    expect([
      await store.other.sweepTemporary(-60_000, { isDryRun: true }),
      await store.other.sweepTemporary(-60_000),
      await take(store.driver, "docker/a.tmp/link"),
      await take(store.driver, "docker/a/link"),
    ]).toEqual([0, 0, "x", "y"]);
  });
}
