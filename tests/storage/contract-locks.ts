// The suite of the port of locks.
import { expect, test } from "bun:test";
import type { Lock, LockMode } from "../../src/storage/ports.ts";
import type { LockedDriver, OpenLockedStore } from "./contract.ts";

/** Long enough for a machine that is busy; no test waits for its end. */
const patienceMs = 60_000;

async function hold(driver: LockedDriver, name: string, mode: LockMode): Promise<Lock> {
  const lock = await driver.locks.take(name, mode, { waitMs: patienceMs });
  if (lock === undefined) throw new Error(`the lock ${name} was not to be had`);
  return lock;
}

/** Whether the lock is to be had at once. */
async function isFree(driver: LockedDriver, name: string, mode: LockMode): Promise<boolean> {
  using lock = await driver.locks.take(name, mode, { waitMs: 0 });
  return lock !== undefined;
}

export function describeLocks(open: OpenLockedStore): void {
  test.each([
    ["shared", "shared", true],
    ["shared", "alone", false],
    ["alone", "shared", false],
    ["alone", "alone", false],
  ] as const)("while one holds it %s, another one has it %s: %p", async (first, second, want) => {
    using store = await open();
    using _held = await hold(store.driver, "a", first);
    expect([await isFree(store.other, "a", second), await isFree(store.driver, "a", second)]).toEqual([want, want]);
  });

  test.each(["shared", "alone"] as const)("a lock that was held %s is free after its disposal", async (mode) => {
    using store = await open();
    (await hold(store.driver, "a", mode))[Symbol.dispose]();
    expect(await isFree(store.other, "a", "alone")).toBe(true);
  });

  test("other names are other locks", async () => {
    using store = await open();
    using _held = await hold(store.driver, "a", "alone");
    expect(await isFree(store.other, "b", "alone")).toBe(true);
  });

  test("who waits gets the lock when it is released", async () => {
    using store = await open();
    const held = await hold(store.driver, "a", "alone");
    const waiting = hold(store.other, "a", "shared");
    held[Symbol.dispose]();
    using _got = await waiting;
    expect([await isFree(store.driver, "a", "shared"), await isFree(store.driver, "a", "alone")]).toEqual([
      true,
      false,
    ]);
  });

  test("who waits in vain is told so, and leaves nothing locked", async () => {
    using store = await open();
    const held = await hold(store.driver, "a", "shared");
    const inVain = await store.other.locks.take("a", "alone", { waitMs: 30 });
    const isShared = await isFree(store.other, "a", "shared");
    held[Symbol.dispose]();
    expect([inVain, isShared, await isFree(store.driver, "a", "alone")]).toEqual([undefined, true, true]);
  });

  test("a stream of shared holders does not starve the one who wants it alone", async () => {
    using store = await open();
    const first = await hold(store.driver, "a", "shared");
    const waiting = hold(store.other, "a", "alone");
    // One that comes later waits behind it, although the lock is held shared.
    const late = await store.driver.locks.take("a", "shared", { waitMs: 30 });
    const later = hold(store.driver, "a", "shared");
    first[Symbol.dispose]();
    const alone = await waiting;
    alone[Symbol.dispose]();
    using _shared = await later;
    expect([late, await isFree(store.other, "a", "shared")]).toEqual([undefined, true]);
  });

  test("many tasks keep apart: never one alone beside another one", async () => {
    using store = await open();
    let shared = 0;
    let alone = 0;
    let clashes = 0;
    const work = async (driver: LockedDriver, mode: LockMode) => {
      using _lock = await hold(driver, "a", mode);
      if (mode === "shared") shared += 1;
      else alone += 1;
      if (alone > 1 || (alone === 1 && shared > 0)) clashes += 1;
      await new Promise((resolve) => setImmediate(resolve));
      if (mode === "shared") shared -= 1;
      else alone -= 1;
    };
    const modes: readonly LockMode[] = ["shared", "alone", "shared", "shared", "alone", "shared", "shared", "shared"];
    await Promise.all(modes.flatMap((mode) => [work(store.driver, mode), work(store.other, mode)]));
    expect([clashes, shared, alone]).toEqual([0, 0, 0]);
  });

  test("there is one hold on a kind of work, and its holder is named to the others", async () => {
    using store = await open();
    const first = await store.driver.locks.hold("gc", "the first");
    const second = await store.other.locks.hold("gc", "the second");
    if ("heldBy" in first) throw new Error("nobody held it");
    first[Symbol.dispose]();
    const third = await store.other.locks.hold("gc", "the third");
    expect([second, "heldBy" in third]).toEqual([{ heldBy: "the first" }, false]);
    if (!("heldBy" in third)) third[Symbol.dispose]();
  });
}
