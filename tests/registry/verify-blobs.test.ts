import { expect, test } from "bun:test";
import { blobKey } from "../../src/registry/layout.ts";
import { createThrottle, inspectBlob, quarantineBlob } from "../../src/registry/verify-blobs.ts";
import { intercept } from "../storage/intercepted.ts";
import { digestOf, pushBlob, stocked, utf8 } from "./stocked.ts";

const digest = digestOf("x");
const atOnce = async () => undefined;

test("inspectBlob() of whole bytes, of damaged ones, and of none", async () => {
  const stock = stocked();
  expect(await inspectBlob(stock.store, digest, atOnce)).toEqual({ kind: "gone" });
  await pushBlob(stock, "app", "x");
  expect(await inspectBlob(stock.store, digest, atOnce)).toMatchObject({ kind: "whole", stat: { sizeBytes: 1 } });
  await stock.store.driver.write(blobKey(digest), utf8("y"));
  expect(await inspectBlob(stock.store, digest, atOnce)).toMatchObject({ kind: "damaged", actual: digestOf("y") });
});

test("inspectBlob() reads what looks damaged once more, from the disk, before it counts", async () => {
  let dropped = 0;
  const stock = stocked((driver) =>
    intercept(driver, {
      dropCache: async (key) => {
        dropped += 1;
        await driver.write(key, utf8("x"));
      },
    }),
  );
  await stock.store.driver.write(blobKey(digest), utf8("y"));
  expect([await inspectBlob(stock.store, digest, atOnce), dropped]).toMatchObject([
    { kind: "whole", stat: { sizeBytes: 1 } },
    1,
  ]);
});

test("inspectBlob() of bytes that a push replaces meanwhile tells nothing", async () => {
  const stock = stocked();
  await stock.store.driver.write(blobKey(digest), utf8("y"));
  const verdict = await inspectBlob(stock.store, digest, async () => {
    await stock.store.driver.write(blobKey(digest), utf8("x"));
  });
  expect(verdict).toEqual({ kind: "gone" });
});

test("inspectBlob() of bytes that the disk does not give says so", async () => {
  const stock = stocked();
  await pushBlob(stock, "app", "x");
  const verdict = await inspectBlob(stock.store, digest, () => Promise.reject(new Error("EIO: i/o error")));
  expect(verdict).toEqual({ kind: "unreadable", reason: "Error: EIO: i/o error" });
});

test("quarantineBlob() is tried again where a touch made the bytes look new", async () => {
  let touches = 2;
  const stock = stocked((driver) =>
    intercept(driver, {
      trashUnchanged: async (key) => {
        touches -= 1;
        stock.wait(1);
        if (touches >= 0) await driver.touch(key);
      },
    }),
  );
  await stock.store.driver.write(blobKey(digest), utf8("y"));
  const judged = await stock.store.driver.stat(blobKey(digest));
  if (judged === undefined) throw new Error("not stored");
  expect(await quarantineBlob(stock.store, digest, { judged, id: "id" })).toBe(true);
  expect(await stock.store.driver.listTrash("blobs")).toEqual([expect.stringMatching(/\.id-3\.bad$/)]);
});

test("createThrottle() keeps to a rate on average, and without one does not wait", async () => {
  let nowMs = 0;
  const throttle = createThrottle(1000, () => nowMs);
  const startedMs = performance.now();
  nowMs = 1000;
  await throttle(1000);
  const unhurriedMs = performance.now() - startedMs;
  await throttle(20);
  const hurriedMs = performance.now() - startedMs;
  expect([unhurriedMs < 15, hurriedMs >= 15]).toEqual([true, true]);
  // Frozen for an hour, it does not make up for that.
  nowMs += 3_600_000;
  const thawedMs = performance.now();
  await throttle(1020);
  expect(performance.now() - thawedMs).toBeGreaterThanOrEqual(15);
  expect(createThrottle(undefined, () => 0)(1e9)).resolves.toBeUndefined();
});
