// The suite of the port of changes. Where adding and removing do not exclude each other, adders see what is announced instead.
import { expect, test } from "bun:test";
import type { Adding, Removing } from "../../src/storage/changes.ts";
import type { Driver } from "../../src/storage/driver.ts";
import type { Key } from "../../src/storage/ports.ts";
import type { OpenTestStore } from "./contract.ts";
import { bytesOf, put, take } from "./store-access.ts";

/** Long enough for a machine that is busy; no test waits for its end. */
const patienceMs = 60_000;

const link = "docker/registry/v2/repositories/a/_layers/sha256/abc/link";
const content = "docker/registry/v2/blobs/sha256/ab/abc/data";
const other = "docker/registry/v2/blobs/sha256/ab/abd/data";
const tag = "docker/registry/v2/repositories/a/_manifests/tags/1";
const current = `${tag}/current/link`;

/** Begins to add under the name "a". */
async function add(driver: Driver, options: { readonly isConditional?: boolean } = {}): Promise<Adding> {
  const adding = await driver.changes.adding("a", { waitMs: patienceMs, ...options });
  if (adding === undefined) throw new Error("it was not to be had");
  return adding;
}

/** Announces that these may be taken away under the name "a". */
async function announce(driver: Driver, ...keys: readonly Key[]): Promise<Removing> {
  const removing = await driver.changes.removing("a", { keys, waitMs: patienceMs });
  if (removing === undefined) throw new Error("it was not to be had");
  return removing;
}

/** Whether somebody who adds now would know that the link stays. */
async function isSafe(driver: Driver): Promise<boolean> {
  await using adding = await driver.changes.adding("a", { waitMs: 0 });
  return adding !== undefined && (await adding.stands([link]));
}

export function describeChanges(open: OpenTestStore): void {
  test("what is written stands, and contents are found in the order asked", async () => {
    using store = await open();
    await put(store.other, other, "four");
    await using adding = await add(store.driver);
    await put(store.driver, link, "x");
    const found = await adding.find([content, other]);
    expect([await adding.stands([link]), found.map((each) => (each === "noticed" ? each : each?.sizeBytes))]).toEqual([
      true,
      [undefined, 4],
    ]);
  });

  test("any number add at once, also under one name", async () => {
    using store = await open();
    await put(store.driver, link, "x");
    await using _first = await add(store.driver);
    await using _second = await add(store.other);
    expect([await isSafe(store.driver), await isSafe(store.other)]).toEqual([true, true]);
  });

  test("while something may be taken away nobody relies on it, and after that whoever finds it does", async () => {
    using store = await open();
    await put(store.driver, link, "x");
    const removing = await announce(store.driver, link);
    const meanwhile = [await isSafe(store.driver), await isSafe(store.other)];
    await removing[Symbol.asyncDispose]();
    expect([meanwhile, await isSafe(store.other)]).toEqual([[false, false], true]);
  });

  test("what is announced under one name is nothing to who adds under another", async () => {
    using store = await open();
    await using _removing = await announce(store.driver, link);
    await using adding = await store.other.changes.adding("b", { waitMs: 0 });
    expect(await adding?.stands([])).toBe(true);
  });

  test("delete() and drop() take an object away, and tell whether there was one", async () => {
    using store = await open();
    for (const key of [link, other]) await put(store.driver, key, "x");
    await using removing = await announce(store.driver, link);
    const outcomes = [
      await removing.delete(link),
      await removing.delete(link, { isDurable: false }),
      await removing.drop(other),
      await removing.drop(other, { isDurable: false }),
    ];
    expect([outcomes, await take(store.other, link), await take(store.other, other)]).toEqual([
      [true, false, true, false],
      undefined,
      undefined,
    ]);
  });

  test("deleteAll() takes all of them away, whether or not they were there", async () => {
    using store = await open();
    const { driver, other } = store;
    const keys = Array.from({ length: 30 }, (_, index) => `r/_layers/${index}/link`);
    for (const key of keys.slice(1)) await put(driver, key, "x");
    await put(driver, "r/_layers/other/link", "x");
    {
      await using removing = await driver.changes.removing("r", { keys, waitMs: 0 });
      await removing?.deleteAll(keys);
    }
    const left = await Promise.all(keys.map((key) => take(other, key)));
    expect([left.filter((text) => text !== undefined), await take(other, "r/_layers/other/link")]).toEqual([[], "x"]);
  });

  test("put() of what decides replaces what was there", async () => {
    using store = await open();
    await using adding = await add(store.driver);
    const seen: (string | undefined)[] = [];
    for (const text of ["old", "new"]) {
      await adding.put(current, bytesOf(text));
      seen.push(await take(store.other, current));
    }
    expect(seen).toEqual(["old", "new"]);
  });

  test("replace() writes only over what is expected", async () => {
    using store = await open();
    await using adding = await add(store.driver, { isConditional: true });
    const first = await adding.replace(current, bytesOf("one"), { expected: undefined });
    const expected = await store.driver.objects.stat(current);
    const outcomes = [
      first,
      await adding.replace(current, bytesOf("two"), { expected: undefined }),
      await adding.replace(current, bytesOf("three"), { expected }),
      await adding.replace(current, bytesOf("four"), { expected }),
    ];
    expect([outcomes, await take(store.other, current)]).toEqual([[true, false, true, false], "three"]);
  });

  test("of many who write what is not there yet, one succeeds", async () => {
    using store = await open();
    const write = async (driver: Driver, text: string) => {
      await using adding = await add(driver, { isConditional: true });
      return (await adding.replace(current, bytesOf(text), { expected: undefined })) ? text : undefined;
    };
    const drivers = [store.driver, store.other, store.driver, store.other];
    const outcomes = await Promise.all(drivers.map((driver, index) => write(driver, String(index))));
    const written = outcomes.filter((text) => text !== undefined);
    expect([written.length, await take(store.driver, current)]).toEqual([1, written[0]]);
  });

  test("discard() takes a prefix away with what decides, if that is still what was judged", async () => {
    using store = await open();
    await put(store.driver, current, "x");
    const judged = await store.driver.objects.stat(current);
    if (judged === undefined) throw new Error("it was just written");
    await put(store.other, current, "another");
    await using removing = await announce(store.driver);
    const isOther = await removing.discard(tag, { key: current, judged });
    const kept = await take(store.other, current);
    const now = await store.driver.objects.stat(current);
    const isGone = now !== undefined && (await removing.discard(tag, { key: current, judged: now }));
    const left = await take(store.other, current);
    expect([isOther, kept, isGone, left === undefined || left === ""]).toEqual([false, "another", true, true]);
  });

  test("recover() tells what is there of a content", async () => {
    using store = await open();
    await put(store.driver, other, "four");
    const { changes } = store.other;
    expect([await changes.recover(content), (await changes.recover(other))?.sizeBytes]).toEqual([undefined, 4]);
  });

  test("there is one hold on a kind of work, and its holder is named to the others", async () => {
    using store = await open();
    const first = await store.driver.changes.hold("gc", "the first");
    const second = await store.other.changes.hold("gc", "the second");
    if ("heldBy" in first) throw new Error("nobody held it");
    await first[Symbol.asyncDispose]();
    const third = await store.other.changes.hold("gc", "the third");
    expect([second, "heldBy" in third]).toEqual([{ heldBy: "the first" }, false]);
    if (!("heldBy" in third)) await third[Symbol.asyncDispose]();
  });
}
