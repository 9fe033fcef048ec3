// The suite of the port of transfers.

import { expect, test } from "bun:test";
import type { Driver } from "../../src/storage/driver.ts";
import type { Transfer } from "../../src/storage/ports.ts";
import { contentText } from "../content-text.ts";
import type { OpenTestStore } from "./contract.ts";
import { bytesOf, take } from "./store-access.ts";

const key = "proxy/sha256-aa";
const target = "docker/blobs/aa/data";

async function hold(driver: Driver): Promise<Transfer> {
  const transfer = await driver.transfers.open(key);
  if (transfer === "busy") throw new Error("busy");
  return transfer;
}

export function describeTransfers(open: OpenTestStore): void {
  test("a transfer begins empty and is followed while it grows", async () => {
    using store = await open();
    using transfer = await hold(store.driver);
    using following = await store.other.transfers.follow(key);
    const seen: unknown[] = [following?.sizeBytes()];
    await transfer.append([bytesOf("one "), bytesOf("two")]);
    const text = new TextDecoder().decode(await following?.read(2, 100));
    expect([...seen, following?.sizeBytes(), text, following?.isInPlace()]).toEqual([0, 7, "e two", true]);
  });

  test("one holder has it, in whatever process", async () => {
    using store = await open();
    {
      using _first = await hold(store.driver);
      expect([await store.other.transfers.open(key), await store.driver.transfers.open(key)]).toEqual(["busy", "busy"]);
    }
    using again = await hold(store.other);
    expect(again.sizeBytes).toBe(0);
  });

  test("who comes after a holder that died goes on where he stopped", async () => {
    using store = await open();
    {
      using first = await hold(store.driver);
      await first.append([bytesOf("one ")]);
    }
    using second = await hold(store.other);
    await second.append([bytesOf("two")]);
    expect([second.sizeBytes, await contentText(second.content())]).toEqual([7, "one two"]);
  });

  test("a commit makes the object, and who follows reads on", async () => {
    using store = await open();
    using transfer = await hold(store.driver);
    await transfer.append([bytesOf("all of it")]);
    using following = await store.other.transfers.follow(key);
    await transfer.commit(target);
    const rest = new TextDecoder().decode(await following?.read(4, 100));
    expect([following?.isInPlace(), rest, await take(store.other, target)]).toEqual([false, "of it", "all of it"]);
    expect(await store.other.transfers.follow(key)).toBeUndefined();
  });

  test("what is discarded is gone and takes no room, and the next one is another", async () => {
    using store = await open();
    using following = await (async () => {
      using first = await hold(store.driver);
      await first.append([bytesOf("wrong")]);
      const reader = await store.other.transfers.follow(key);
      await first.discard();
      return reader;
    })();
    using second = await hold(store.other);
    expect([second.sizeBytes, following?.isInPlace(), following?.sizeBytes()]).toEqual([0, false, 0]);
  });

  test("a sweep takes what rests and is not held", async () => {
    using store = await open();
    using held = await hold(store.driver);
    await held.append([bytesOf("x")]);
    const other = await store.driver.transfers.open("proxy/sha256-bb");
    if (other !== "busy") other[Symbol.dispose]();
    const sweep = (olderThanMs: number) => store.other.transfers.sweep("proxy", olderThanMs);
    // A time in the future is past whatever the clock's grain is.
    expect([await sweep(3_600_000), await sweep(-1000), await sweep(-1000)]).toEqual([0, 1, 0]);
    expect(await store.driver.transfers.sweep("nowhere", -1000)).toBe(0);
  });

  test("there is room, and no more of it free than there is", async () => {
    using store = await open();
    const { freeBytes, totalBytes } = await store.driver.directory.space();
    expect([freeBytes > 0, freeBytes <= totalBytes]).toEqual([true, true]);
  });
}
