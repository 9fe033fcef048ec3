import { expect, test } from "bun:test";
import { BlobVerdicts } from "../../src/registry/blob-verdicts.ts";
import { blobKey } from "../../src/registry/layout.ts";
import { answering, intercept } from "../storage/intercepted.ts";
import { digestOf, pushBlob, stocked, utf8 } from "./stocked.ts";

const digest = digestOf("x");

test("BlobVerdicts reads a blob through once, and again when its file is another one", async () => {
  let reads = 0;
  const stock = stocked((driver) =>
    intercept(driver, {
      objects: {
        open: () => {
          reads += 1;
        },
      },
    }),
  );
  await pushBlob(stock, "app", "x");
  const verdicts = new BlobVerdicts(stock.store);
  expect([await Promise.all([verdicts.isWhole(digest), verdicts.isWhole(digest)]), reads]).toEqual([[true, true], 1]);
  await stock.store.objects.put(blobKey(digest), utf8("damaged"));
  expect([await verdicts.isWhole(digest), await verdicts.isWhole(digest), reads]).toEqual([false, false, 3]);
  await pushBlob(stock, "app", "x");
  expect(await verdicts.isWhole(digest)).toBe(true);
});

test("BlobVerdicts calls nothing whole that is missing or cannot be read", async () => {
  const unreadable = async () => {
    throw new Error("EIO");
  };
  const stock = stocked((driver) => answering(driver, { objects: { open: unreadable } }));
  await pushBlob(stock, "app", "x");
  const verdicts = new BlobVerdicts(stock.store);
  expect([await verdicts.isWhole(digest), await verdicts.isWhole(digestOf("none"))]).toEqual([false, false]);
});
