import { expect, test } from "bun:test";
import { inspectBlob, quarantineBlob } from "../../src/registry/blob-damage.ts";
import { blobKey } from "../../src/registry/layout.ts";
import { intercept } from "../storage/intercepted.ts";
import { digestOf, pushBlob, stocked, utf8 } from "./stocked.ts";

const digest = digestOf("x");

test("inspectBlob() of whole bytes, of damaged ones, and of none", async () => {
  const stock = stocked();
  expect(await inspectBlob(stock.store, digest)).toEqual({ kind: "gone" });
  await pushBlob(stock, "app", "x");
  expect(await inspectBlob(stock.store, digest)).toMatchObject({ kind: "whole", stat: { sizeBytes: 1 } });
  await stock.store.objects.put(blobKey(digest), utf8("y"));
  expect(await inspectBlob(stock.store, digest)).toMatchObject({ kind: "damaged", actual: digestOf("y") });
});

test("inspectBlob() reads what looks damaged once more, from the disk, before it counts", async () => {
  let dropped = 0;
  const stock = stocked((driver) =>
    intercept(driver, {
      directory: {
        dropCache: async (key) => {
          dropped += 1;
          await driver.objects.put(key, utf8("x"));
        },
      },
    }),
  );
  await stock.store.objects.put(blobKey(digest), utf8("y"));
  expect([await inspectBlob(stock.store, digest), dropped]).toMatchObject([
    { kind: "whole", stat: { sizeBytes: 1 } },
    1,
  ]);
});

test("inspectBlob() of bytes that a push replaces meanwhile tells nothing", async () => {
  const stock = stocked();
  await stock.store.objects.put(blobKey(digest), utf8("y"));
  const verdict = await inspectBlob(stock.store, digest, async () => {
    await stock.store.objects.put(blobKey(digest), utf8("x"));
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
      trash: {
        condemn: async (key) => {
          touches -= 1;
          stock.wait(1);
          if (touches >= 0) await driver.objects.renew(key);
        },
      },
    }),
  );
  await stock.store.objects.put(blobKey(digest), utf8("y"));
  const judged = await stock.store.objects.stat(blobKey(digest));
  if (judged === undefined) throw new Error("not stored");
  expect(await quarantineBlob(stock.store, digest, judged)).toBe(true);
  expect(await stock.store.trash.list("blobs")).toEqual([expect.stringMatching(/\.bad$/)]);
});
