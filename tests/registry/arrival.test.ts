import { describe, expect, test } from "bun:test";
import { hashBytes } from "../../src/oci/hash.ts";
import { followArrival, isArrivalHeld, openArrival, sweepArrivals } from "../../src/registry/arrival.ts";
import { blobKey } from "../../src/registry/layout.ts";
import type { Store } from "../../src/registry/store.ts";
import type { LockedDriver } from "../storage/contract.ts";
import { answering } from "../storage/intercepted.ts";
import { openMemory } from "../storage/memory.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const content = utf8("the bytes of a blob");
const digest = hashBytes(content, "sha256");

const upstream = "https://up.example/";
const origin = { digest, upstream };

function memoryStore(): Store & LockedDriver {
  return { ...openMemory(), now: Date.now, uuid: () => crypto.randomUUID() };
}

async function hold(store: Store, wanted = digest) {
  const arrival = await openArrival(store, { digest: wanted, upstream });
  if (arrival === "busy") throw new Error("busy");
  return arrival;
}

describe("an arrival", () => {
  test("becomes the blob when its bytes are right, after an interruption too", async () => {
    const store = memoryStore();
    {
      using first = await hold(store);
      await first.append([content.subarray(0, 5)]);
      expect([await openArrival(store, origin), await isArrivalHeld(store, origin)]).toEqual(["busy", true]);
    }
    expect(await isArrivalHeld(store, origin)).toBe(false);
    using second = await hold(store);
    const before = [second.isResumed, second.sizeBytes, second.isRight()];
    await second.append([content.subarray(5, 9), content.subarray(9)]);
    await second.commit();
    expect([...before, second.isRight()]).toEqual([true, 5, false, true]);
    expect(await store.objects.read(blobKey(digest), 1000)).toEqual(content);
  });

  test("of other bytes is not committed", async () => {
    const store = memoryStore();
    using arrival = await hold(store);
    await arrival.append([utf8("something else")]);
    expect(await arrival.commit().catch((error: unknown) => error instanceof TypeError)).toBe(true);
    expect(await store.objects.stat(blobKey(digest))).toBeUndefined();
    await arrival.discard();
    expect(await followArrival(store, origin)).toBeUndefined();
  });

  test("of sha512 is hashed as such", async () => {
    const store = memoryStore();
    using arrival = await hold(store, hashBytes(content, "sha512"));
    await arrival.append([content]);
    expect([arrival.isRight(), arrival.forkHash().sizeBytes]).toEqual([true, content.length]);
  });

  test("whose write fails stands where it stood", async () => {
    const store = memoryStore();
    const open = async (key: string) => {
      const transfer = await store.transfers.open(key);
      if (transfer === "busy") return transfer;
      return Object.assign(transfer, { append: () => Promise.reject(new Error("ENOSPC")) });
    };
    using arrival = await hold({ ...store, ...answering(store, { transfers: { open } }) });
    const before = arrival.forkHash().digest();
    expect(await arrival.append([content]).catch((error: Error) => error.message)).toBe("ENOSPC");
    expect([arrival.sizeBytes, arrival.forkHash().digest()]).toEqual([0, before]);
  });

  test("that nobody goes on with is swept", async () => {
    const store = memoryStore();
    (await hold(store))[Symbol.dispose]();
    expect([await sweepArrivals(store, 60_000), await sweepArrivals(store, -1000)]).toEqual([0, 1]);
  });
});
