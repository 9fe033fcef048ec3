import { expect, test } from "bun:test";
import { blobKey } from "../../../src/registry/layout.ts";
import { readImage } from "../../../src/registry/reading/image-facts.ts";
import { trashBlob } from "../disturbed.ts";
import { digestOf, pushImage, putManifest, stocked, utf8 } from "../stocked.ts";

test("readImage() tells an image by its manifest, without layers that lie elsewhere", async () => {
  const stock = stocked();
  const digest = await pushImage(stock, "app", { layers: ["a"] });
  const foreign = {
    mediaType: "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
    digest: digestOf("elsewhere"),
    size: 10_000,
    urls: ["https://elsewhere.example/layer"],
  };
  const config = { mediaType: "application/vnd.oci.image.config.v1+json", digest: digestOf("config"), size: 6 };
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const manifest = { schemaVersion: 2, mediaType, config, layers: [foreign], artifactType: "text/x" };
  const other = await putManifest(stock, "app", { tag: undefined, manifest });
  expect(await readImage(stock.store, digest)).toMatchObject({
    mediaType,
    kind: "image",
    blobs: new Map([
      [digestOf("config"), 6],
      [digestOf("a"), 1],
    ]),
    config: digestOf("config"),
  });
  expect(await readImage(stock.store, other)).toMatchObject({
    artifactType: "text/x",
    blobs: new Map([[digestOf("config"), 6]]),
  });
});

test("readImage() looks each time whether the manifest is there, also in the trash, and restores nothing", async () => {
  const stock = stocked();
  const digest = await pushImage(stock, "app", {});
  const facts = await readImage(stock.store, digest);
  expect(await readImage(stock.store, digest)).toBe(facts);
  await trashBlob(stock, digest);
  expect(await readImage(stock.store, digest)).toEqual(facts);
  expect(await stock.store.objects.stat(blobKey(digest))).toBeUndefined();
  await stock.store.objects.put(blobKey(digest), utf8("damaged"));
  for (const entry of await stock.store.trash.list("blobs")) await stock.store.trash.destroy(entry);
  expect(await readImage(stock.store, digest)).toBeUndefined();
});

test("readImage() tells what it can of a manifest that another registry took", async () => {
  const { store } = stocked();
  const text = `{"schemaVersion":2,"mediaType":"application/vnd.cncf.x.v1+json","config":{},"manifests":[]}`;
  await store.objects.put(blobKey(digestOf(text)), utf8(text));
  expect(await readImage(store, digestOf(text))).toMatchObject({ kind: undefined, sizeBytes: text.length });
  await store.objects.put(blobKey(digestOf("no json")), utf8("no json"));
  expect(await readImage(store, digestOf("no json"))).toBeUndefined();
});
