// The suite of the port of what only a directory has.
import { expect, test } from "bun:test";
import type { OpenLockedStore } from "./contract.ts";
import { put, take } from "./store-access.ts";

const clockSlackMs = 50;

export function describeDirectory(open: OpenLockedStore): void {
  test("damage is noted of the object that was judged, seen by everybody and kept in the trash; a replacement is without", async () => {
    using store = await open();
    const { driver, other } = store;
    const entry = "blobs/sha256/ab/abc.1";
    const isDamaged = async () => (await other.objects.stat("a/link"))?.isDamaged;
    await put(driver, "a/link", "x");
    const judged = await driver.objects.stat("a/link");
    if (judged === undefined) throw new Error("there is no object");
    const seen = [await isDamaged(), await driver.directory.noteDamage("a/link", judged, true), await isDamaged()];
    await driver.objects.renew("a/link");
    await driver.trash.discard("a/link", entry);
    seen.push((await other.trash.stat(entry))?.isDamaged, await driver.directory.noteDamage("a/link", judged, true));
    await driver.trash.restore("blobs/sha256/ab/abc", "a/link");
    seen.push(await isDamaged(), await driver.directory.noteDamage("a/link", judged, false), await isDamaged());
    await put(driver, "a/link", "x");
    seen.push(await driver.directory.noteDamage("a/link", judged, true), await isDamaged());
    expect([seen, await take(other, "a/link")]).toEqual([
      [false, true, true, true, false, true, true, false, false, false],
      "x",
    ]);
  });

  test("settle() changes nothing, whether there is something or not", async () => {
    using store = await open();
    await put(store.driver, "a/link", "x");
    await store.other.directory.settle(["a/link", "a/none/link", "none/link"]);
    expect([
      await take(store.driver, "a/link"),
      (await store.driver.directory.prefixTime("none")) !== undefined,
    ]).toEqual(["x", false]);
  });

  test("sweepTemporary() finds nothing where every writer came to its end", async () => {
    using store = await open();
    await put(store.driver, "docker/a.tmp/link", "x");
    await put(store.driver, "docker/a/link", "y");
    expect([
      await store.other.directory.sweepTemporary(-60_000, { isDryRun: true }),
      await store.other.directory.sweepTemporary(-60_000),
      await take(store.driver, "docker/a.tmp/link"),
      await take(store.driver, "docker/a/link"),
    ]).toEqual([0, 0, "x", "y"]);
  });

  test("isObstructed() is true where a prefix is in an object's place, or an object on the way", async () => {
    using store = await open();
    await put(store.driver, "p/object", "x");
    await store.driver.directory.makePrefix("p/prefix");
    const keys = ["p/object", "p/none", "none/none", "p/prefix", "p/object/below", "p/object/below/below"];
    expect(await Promise.all(keys.map((key) => store.driver.directory.isObstructed(key)))).toEqual([
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
    await store.driver.directory.makePrefix("made/empty");
    await store.driver.directory.makePrefix("made/empty");
    const { other } = store;
    expect([
      (await other.directory.prefixTime("a/b")) !== undefined,
      (await other.directory.prefixTime("made/empty")) !== undefined,
      (await other.directory.prefixTime("a/b/c/link")) !== undefined,
      (await other.directory.prefixTime("a/bb")) !== undefined,
    ]).toEqual([true, true, false, false]);
  });

  test("changeTime() is another after a prefix directly below came or went", async () => {
    using store = await open();
    const { driver, other } = store;
    const timeOf = async () => (await driver.directory.changeTime("a")) ?? 0;
    /** As long as the clock of a filesystem may stand still. */
    const until = async (beforeMs: number, change: () => Promise<unknown>) => {
      for (const endMs = Date.now() + 5000; Date.now() < endMs; await new Promise(setImmediate)) {
        await change();
        if ((await timeOf()) !== beforeMs) return true;
      }
      return false;
    };
    await put(driver, "a/b/link", "x");
    const madeMs = await timeOf();
    let count = 0;
    const came = await until(madeMs, () => {
      count += 1;
      return put(other, `a/c${count}/link`, "x");
    });
    const cameMs = await timeOf();
    const went = await until(cameMs, async () => {
      await other.trash.discard(`a/c${count}`, `tags/${count}`);
      count -= 1;
    });
    expect([came, went, await driver.directory.changeTime("none")]).toEqual([true, true, 0]);
  });

  test("prefixTime() is when it was made, or later", async () => {
    using store = await open();
    const beforeMs = Date.now() - clockSlackMs;
    await store.driver.directory.makePrefix("a/b");
    const madeMs = (await store.other.directory.prefixTime("a/b")) ?? 0;
    expect([madeMs >= beforeMs, madeMs <= Date.now() + 1, await store.driver.directory.prefixTime("a/c")]).toEqual([
      true,
      true,
      undefined,
    ]);
  });

  test("removeEmpty() removes what is empty, from below", async () => {
    using store = await open();
    await store.driver.directory.makePrefix("p/a/b");
    await store.driver.directory.makePrefix("p/c");
    expect([
      await store.other.directory.removeEmpty("p"),
      (await store.driver.directory.prefixTime("p")) !== undefined,
      await store.driver.directory.removeEmpty("p"),
    ]).toEqual([true, false, true]);
  });

  test("removeEmpty() leaves objects and the way to them", async () => {
    using store = await open();
    await put(store.driver, "p/a/link", "x");
    await store.driver.directory.makePrefix("p/a/empty");
    expect([await store.other.directory.removeEmpty("p"), await take(store.driver, "p/a/link")]).toEqual([false, "x"]);
  });

  test("countObjects() counts what removeEmpty() would leave", async () => {
    using store = await open();
    await store.driver.directory.makePrefix("p/a/b");
    await put(store.driver, "q/a/link", "x");
    const asked = ["p", "p/a", "q", "q/a", "none"].map((prefix) => store.other.directory.countObjects(prefix));
    expect(await Promise.all(asked)).toEqual([0, 0, 1, 1, 0]);
    expect((await store.driver.directory.prefixTime("p/a/b")) !== undefined).toBe(true);
  });

  test("removeEmpty() of one prefix removes it if nothing at all is below it", async () => {
    using store = await open();
    await store.driver.directory.makePrefix("p/a/b");
    await put(store.driver, "q/link", "x");
    const { driver, other } = store;
    expect([
      await other.directory.removeEmpty("p", { isDeep: false }),
      (await driver.directory.prefixTime("p/a/b")) !== undefined,
      await other.directory.removeEmpty("p/a/b", { isDeep: false }),
      await driver.objects.list("p"),
      await driver.objects.list("p/a"),
      await other.directory.removeEmpty("q", { isDeep: false }),
      await take(driver, "q/link"),
      await other.directory.removeEmpty("none", { isDeep: false }),
    ]).toEqual([false, true, true, ["a"], [], false, "x", true]);
  });

  test("who makes a prefix, or writes below it, succeeds while others remove what is empty", async () => {
    using store = await open();
    for (let round = 0; round < 20; round += 1) {
      await store.driver.directory.makePrefix("p/a");
      const removing = [
        store.other.directory.removeEmpty("p"),
        store.other.directory.removeEmpty("p", { isDeep: false }),
      ];
      await Promise.all([put(store.driver, "p/a/b/link", "x"), ...removing]);
      expect(await take(store.other, "p/a/b/link")).toBe("x");
      await store.driver.objects.delete("p/a/b/link");
      await store.other.directory.removeEmpty("p");
    }
  });
}
