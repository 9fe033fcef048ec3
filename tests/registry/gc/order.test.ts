// The order of a collection. What earlier runs removed is durable before anything is destroyed. And the trash is listed
// before the links are read (rule 4): one story, told twice. With the rule nothing is lost, and without it the bytes of a
// blob that somebody was told is there.

import { describe, expect, test } from "bun:test";
import { anonymous } from "../../../src/registry/actor.ts";
import { collectBlobs } from "../../../src/registry/gc/blobs.ts";
import { blobKey, layerLink } from "../../../src/registry/layout.ts";
import type { Condemned } from "../../../src/storage/garbage.ts";
import { trashNameOf } from "../../../src/storage/trash-names.ts";
import type { LockedDriver } from "../../storage/contract.ts";
import { answering, wrapCalls } from "../../storage/intercepted.ts";
import { digestOf, named, pushBlob, type Stocked, stocked, utf8 } from "../stocked.ts";
import { collect, collectTwice, graceMs } from "./collected.ts";

const other = named("other");
const digest = digestOf("x");

/** Runs `meanwhile` once, when the collector has read the links of all repositories. */
function afterLinks(driver: LockedDriver, meanwhile: () => Promise<void>): LockedDriver {
  let isTold = false;
  const list: LockedDriver["objects"]["list"] = async (prefix, options) => {
    const names = await driver.objects.list(prefix, options);
    if (prefix.endsWith("/repositories") && !isTold) {
      isTold = true;
      await meanwhile();
    }
    return names;
  };
  return answering(driver, { objects: { list } });
}

/** The list of the trash as it is when the collector comes to destroy, not as it was at the start. */
function listedLate(driver: LockedDriver): LockedDriver {
  const listed: Condemned[] = [];
  const refresh = async () => void listed.splice(0, listed.length, ...(await driver.garbage.list()));
  const list: LockedDriver["objects"]["list"] = async (prefix, options) => {
    const names = await driver.objects.list(prefix, options);
    await refresh();
    return names;
  };
  const collect: LockedDriver["garbage"]["collect"] = async (options) => {
    const collection = await driver.garbage.collect(options);
    if ("heldBy" in collection) return collection;
    return new Proxy(collection, {
      get: (target, name) => {
        if (name === "condemned") return async () => listed;
        const call: unknown = Reflect.get(target, name);
        return typeof call === "function" ? call.bind(target) : call;
      },
    });
  };
  return answering(driver, { garbage: { collect }, objects: { list } });
}

/**
 * A blob that nobody links. One collector has judged it and sleeps. A second one has read the links, among which there
 * is none to the blob. Now somebody links the blob, looks, and is told that it is there; the sleeper wakes and moves it
 * into the trash, as it may: whoever looks next brings it back. Then the second collector goes on to destroy.
 */
async function isLost(order: (driver: LockedDriver) => LockedDriver): Promise<boolean> {
  const stock = stocked();
  const driver = stock.store;
  await pushBlob(stock, "app", "x");
  await stock.registry.repository(named("app"), anonymous()).blobs.delete(digest);
  stock.wait(graceMs);
  const judged = await driver.objects.stat(blobKey(digest));
  if (judged === undefined) throw new Error("not stored");
  const second: Stocked = {
    ...stock,
    store: {
      ...stock.store,
      ...order(
        afterLinks(driver, async () => {
          await driver.objects.put(layerLink(other, digest), utf8(digest));
          expect((await stock.registry.repository(other, anonymous()).blobs.open(digest)).sizeBytes).toBe(1);
          expect(await driver.trash.condemn(blobKey(digest), `${trashNameOf(blobKey(digest))}.sleeper-1`, judged)).toBe(
            true,
          );
        }),
      ),
    },
  };
  await collect(second, { graceMs: 0 });
  return await stock.registry
    .repository(other, anonymous())
    .blobs.open(digest)
    .then(
      () => false,
      () => true,
    );
}

test("with the trash listed before the links, a blob that was linked meanwhile is not lost", async () => {
  expect(await isLost((driver) => driver)).toBe(false);
});

test("with the trash listed after the links, it is lost", async () => {
  expect(await isLost(listedLate)).toBe(true);
});

describe("what earlier runs removed is made durable", () => {
  const destroys = ["objects.delete", "directory.removeEmpty", "trash.discard", "trash.condemn", "trash.destroy"];

  /** A store with garbage of every kind, and the calls of its driver that destroy something or sync. */
  async function noted() {
    const calls: string[] = [];
    const stock = stocked((driver) =>
      wrapCalls(driver, (port, name, call) => (...args) => {
        if (["directory.syncAll", ...destroys].includes(`${port}.${name}`)) calls.push(name);
        return call(...args);
      }),
    );
    const digest = await pushBlob(stock, "app", "lonely");
    stock.wait(graceMs);
    calls.length = 0;
    return { stock, calls, digest };
  }

  test("before a collection destroys anything", async () => {
    const { stock, calls } = await noted();
    await collectTwice(stock);
    expect([calls[0], calls.includes("destroy"), calls.filter((name) => name === "syncAll").length]).toEqual([
      "syncAll",
      true,
      2,
    ]);
  });

  test("before a collection of named blobs does", async () => {
    const { stock, calls, digest } = await noted();
    await stock.registry.repository(named("app"), anonymous()).blobs.delete(digest);
    calls.length = 0;
    await collectBlobs(stock.store, { digests: [digest], tag: "cache", graceMs: 0, note: "the test" });
    expect([calls[0], calls.length]).toEqual(["syncAll", 2]);
  });

  test("and a dry run, which destroys nothing, writes nothing", async () => {
    const { stock, calls } = await noted();
    await collect(stock, { isDryRun: true });
    expect(calls).toEqual([]);
  });
});
