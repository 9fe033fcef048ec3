import { expect, test } from "bun:test";
import { listBlobs } from "../../src/registry/blob-places.ts";
import { digestOf, pushBlob, stocked, utf8 } from "./stocked.ts";

test("listBlobs() gives every blob, and what lies where no blob does", async () => {
  const stock = stocked();
  for (const text of ["a", "b"]) await pushBlob(stock, "app", text);
  const wide = `docker/registry/v2/blobs/sha512/cc/${"c".repeat(128)}`;
  const strays = [
    `docker/registry/v2/blobs/sha256/00/${digestOf("a").slice(7)}`,
    "docker/registry/v2/blobs/sha256/no/nonsense",
  ];
  for (const place of [wide, ...strays]) await stock.store.driver.write(`${place}/data`, utf8("x"));
  const places: string[] = [];
  for await (const place of listBlobs(stock.store)) places.push("stray" in place ? place.stray : place.digest);
  expect(new Set(places)).toEqual(
    new Set<string>([digestOf("a"), digestOf("b"), `sha512:${"c".repeat(128)}`, ...strays]),
  );
});
