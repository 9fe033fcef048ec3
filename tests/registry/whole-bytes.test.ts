import { expect, test } from "bun:test";
import { blobKey } from "../../src/registry/layout.ts";
import { readWhole } from "../../src/registry/whole-bytes.ts";
import { trashNameOf } from "../../src/storage/trash-names.ts";
import { intercept } from "../storage/intercepted.ts";
import { trashBlob } from "./disturbed.ts";
import { digestOf, pushBlob, stocked, utf8 } from "./stocked.ts";

const digest = digestOf("x");

test("readWhole() finds bytes in their place and in the trash, and brings nothing back", async () => {
  const stock = stocked();
  await pushBlob(stock, "app", "x");
  expect(await readWhole(stock.store, digest)).toEqual(utf8("x"));
  await trashBlob(stock, digest);
  expect(await readWhole(stock.store, digest)).toEqual(utf8("x"));
  expect(await stock.store.objects.stat(blobKey(digest))).toBeUndefined();
});

test("readWhole() finds bytes that are brought back between its two looks", async () => {
  const stock = stocked((driver) =>
    intercept(driver, {
      trash: { open: async () => void (await driver.trash.restore(trashNameOf(blobKey(digest)), blobKey(digest))) },
    }),
  );
  await pushBlob(stock, "app", "x");
  await trashBlob(stock, digest);
  expect(await readWhole(stock.store, digest)).toEqual(utf8("x"));
});

test.each(["nowhere", "damaged", "unreadable"])("readWhole() is undefined for what is %s", async (what) => {
  let isFailing = false;
  const stock = stocked((driver) =>
    intercept(driver, {
      objects: {
        read: () => {
          if (isFailing) throw Object.assign(new Error("EIO"), { code: "EIO" });
        },
      },
    }),
  );
  await pushBlob(stock, "app", "x");
  if (what === "nowhere") await stock.store.objects.delete(blobKey(digest));
  if (what === "damaged") await stock.store.objects.put(blobKey(digest), utf8("y"));
  isFailing = what === "unreadable";
  expect(await readWhole(stock.store, digest)).toBeUndefined();
});
