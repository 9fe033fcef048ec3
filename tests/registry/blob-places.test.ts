import { expect, test } from "bun:test";
import { listBlobs } from "../../src/registry/blob-places.ts";
import { intercept } from "../storage/intercepted.ts";
import { digestOf, pushBlob, stocked, utf8 } from "./stocked.ts";

test("listBlobs() gives every blob, and what lies where no blob does", async () => {
  const stock = stocked();
  for (const text of ["a", "b"]) await pushBlob(stock, "app", text);
  const wide = `docker/registry/v2/blobs/sha512/cc/${"c".repeat(128)}`;
  const strays = [
    `docker/registry/v2/blobs/sha256/00/${digestOf("a").slice(7)}`,
    "docker/registry/v2/blobs/sha256/no/nonsense",
  ];
  for (const place of [wide, ...strays]) await stock.store.objects.put(`${place}/data`, utf8("x"));
  const places: string[] = [];
  for await (const place of listBlobs(stock.store)) {
    if ("digest" in place) places.push(place.digest);
    else places.push("stray" in place ? place.stray : place.unreadable);
  }
  expect(new Set(places)).toEqual(
    new Set<string>([digestOf("a"), digestOf("b"), `sha512:${"c".repeat(128)}`, ...strays]),
  );
});

test("listBlobs() names a directory that cannot be listed, and goes on with the others", async () => {
  const unreadable = `docker/registry/v2/blobs/sha256/${digestOf("a").slice(7, 9)}`;
  const stock = stocked((driver) =>
    intercept(driver, {
      objects: {
        list: (prefix) => {
          if (prefix === unreadable) throw new Error("EIO: i/o error");
        },
      },
    }),
  );
  for (const text of ["a", "b"]) await pushBlob(stock, "app", text);
  const places: unknown[] = await Array.fromAsync(listBlobs(stock.store));
  expect(places).toContainEqual({ unreadable, reason: "Error: EIO: i/o error" });
  expect(places).toContainEqual({ digest: digestOf("b"), seen: stock.store });
});
