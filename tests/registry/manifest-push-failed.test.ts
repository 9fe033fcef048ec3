// What a push of a manifest leaves that is refused or fails half-way: nothing that promises something.
import { expect, test } from "bun:test";
import { blobKey, layerLink, revisionLink } from "../../src/registry/layout.ts";
import { answering } from "../storage/intercepted.ts";
import { digestOf, named, pushBlob, putManifest, type Stocked, stocked } from "./stocked.ts";
import { verify } from "./verify/verified.ts";

const app = named("app");
const config = { mediaType: "application/octet-stream", digest: digestOf("c"), size: 1 };
const manifest = { schemaVersion: 2, config, layers: [] };
const own = digestOf(JSON.stringify(manifest));

/** Why a push is refused; undefined where it is not. */
function refusalOf(stock: Stocked): Promise<string | undefined> {
  return putManifest(stock, "app", { tag: "1", manifest }).then(
    () => undefined,
    (error) => error.code,
  );
}

test.each(["UNAVAILABLE", "ENOSPC"])("a push that fails with %s after its link takes the link back", async (code) => {
  let isLinked = false;
  const stock = stocked((driver) =>
    answering(driver, {
      objects: {
        put: async (key, bytes) => {
          if (isLinked && code === "ENOSPC" && key === blobKey(own)) throw Object.assign(new Error("full"), { code });
          isLinked ||= key === revisionLink(app, own);
          await driver.objects.put(key, bytes);
        },
        stat: async (key) => (isLinked && key === blobKey(own) ? undefined : await driver.objects.stat(key)),
      },
    }),
  );
  await pushBlob(stock, "app", "c");
  expect([await refusalOf(stock), await stock.store.objects.stat(revisionLink(app, own))]).toEqual([code, undefined]);
  isLinked = false;
  expect((await verify(stock)).findings).toEqual([]);
});

test("a push that is refused leaves the link of a manifest that was there before", async () => {
  const stock = stocked();
  await pushBlob(stock, "app", "c");
  await refusalOf(stock);
  await stock.store.objects.delete(blobKey(own));
  await stock.store.objects.delete(layerLink(app, digestOf("c")));
  expect(await refusalOf(stock)).toBe("MANIFEST_BLOB_UNKNOWN");
  expect(await stock.store.objects.stat(revisionLink(app, own))).toBeDefined();
});
