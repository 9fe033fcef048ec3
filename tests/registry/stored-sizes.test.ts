import { expect, test } from "bun:test";
import { blobKey } from "../../src/registry/layout.ts";
import { openSizes } from "../../src/registry/stored-sizes.ts";
import { stockedBucket } from "./on-bucket.ts";
import { digestOf, pushBlob, stocked, stockedListed } from "./stocked.ts";

test.each([
  ["a store that is walked", stocked],
  ["a store that is listed", stockedListed],
])("openSizes() of %s tells how large blobs are, and 0 for what is gone", async (_what, open) => {
  const stock = open();
  for (const text of ["a", "bb", "ccc"]) await pushBlob(stock, "app", text);
  await stock.store.objects.delete(blobKey(digestOf("bb")));
  const sizeOf = await openSizes(stock.store);
  expect(await Promise.all(["a", "bb", "ccc"].map((text) => sizeOf(digestOf(text))))).toEqual([1, 0, 3]);
});

test("openSizes() of a bucket asks for no blob by itself", async () => {
  using bucket = stockedBucket();
  for (const text of ["a", "bb"]) await pushBlob(bucket.stock, "app", text);
  bucket.engine.requests.length = 0;
  const sizeOf = await openSizes(bucket.other.store);
  expect([await sizeOf(digestOf("bb")), bucket.engine.requests.filter(({ method }) => method === "HEAD")]).toEqual([
    2,
    [],
  ]);
});

test("openSizes() tells that something cannot be listed", async () => {
  using bucket = stockedBucket();
  await pushBlob(bucket.stock, "app", "a");
  bucket.engine.fault = ({ query }) =>
    query.get("prefix")?.includes("/blobs/sha256/ca/") === true
      ? { kind: "refused", status: 403, code: "AccessDenied" }
      : undefined;
  await expect(openSizes(bucket.other.store)).rejects.toThrow("cannot be listed");
});
