import { expect, test } from "bun:test";
import type { Digest } from "../../../src/oci/digest.ts";
import { blobKey, layerLink, revisionLink } from "../../../src/registry/layout.ts";
import { readPlatforms, readWholeImage } from "../../../src/registry/reading/image-size.ts";
import {
  digestOf,
  named,
  pushBlob,
  pushImage,
  pushIndex,
  putManifest,
  type Stocked,
  stocked,
  utf8,
} from "../stocked.ts";

const app = named("app");
const imageType = "application/vnd.oci.image.manifest.v1+json";

async function sizeOf({ store }: Stocked, digest: Digest): Promise<number> {
  return (await store.objects.stat(blobKey(digest)))?.sizeBytes ?? 0;
}

test("readWholeImage() counts each blob of an index once, over nested indexes", async () => {
  const stock = stocked();
  const one = await pushImage(stock, "app", { layers: ["a", "common"] });
  const two = await pushImage(stock, "app", { layers: ["bb", "common"] });
  const inner = await pushIndex(stock, "app", { children: [one, two] });
  const outer = await pushIndex(stock, "app", { children: [inner, one] });
  const manifests = await Promise.all([one, two, inner, outer].map((digest) => sizeOf(stock, digest)));
  const image = await readWholeImage(stock.store, app, outer);
  expect(image).toMatchObject({
    sizeBytes: manifests.reduce((sum, each) => sum + each) + 6 + 1 + 2 + 6,
    missing: 0,
    facts: { kind: "index" },
  });
});

test("readWholeImage() counts children that are not in the repository as missing", async () => {
  const stock = stocked();
  const [one, two] = [
    await pushImage(stock, "app", { layers: ["a"] }),
    await pushImage(stock, "app", { layers: ["b"] }),
  ];
  const index = await pushIndex(stock, "app", { children: [one, two] });
  await stock.store.objects.delete(revisionLink(app, one));
  expect((await readWholeImage(stock.store, app, index))?.missing).toBe(1);
  expect(await readWholeImage(stock.store, app, digestOf("no"))).toBeUndefined();
});

test("readPlatforms() takes an index at its word, and an image at its configuration's", async () => {
  const stock = stocked();
  const config = JSON.stringify({ os: "linux", architecture: "arm64", variant: "v8" });
  await pushBlob(stock, "app", config);
  const descriptor = {
    mediaType: "application/vnd.oci.image.config.v1+json",
    digest: digestOf(config),
    size: config.length,
  };
  const image = { schemaVersion: 2, mediaType: imageType, config: descriptor, layers: [] };
  const digest = await putManifest(stock, "app", { tag: undefined, manifest: image });
  const children = [
    { os: "linux", architecture: "amd64" },
    { os: "linux", architecture: "amd64" },
    { os: "unknown", architecture: "unknown" },
  ].map((platform) => ({ mediaType: imageType, digest, size: JSON.stringify(image).length, platform }));
  const mediaType = "application/vnd.oci.image.index.v1+json";
  const index = await putManifest(stock, "app", {
    tag: undefined,
    manifest: { schemaVersion: 2, mediaType, manifests: children },
  });
  const platformsOf = async (each: Digest) => {
    const found = await readWholeImage(stock.store, app, each);
    return found === undefined ? undefined : await readPlatforms(stock.store, app, found.facts);
  };
  expect([await platformsOf(digest), await platformsOf(index)]).toEqual([["linux/arm64/v8"], ["linux/amd64"]]);
  // What the repository does not link is not its own to tell, also if it was read before.
  await stock.store.objects.delete(layerLink(app, digestOf(config)));
  expect(await platformsOf(digest)).toEqual([]);
});

test("readPlatforms() passes a configuration over that says nothing, or is no JSON", async () => {
  const stock = stocked();
  const digest = await pushImage(stock, "app", {});
  const image = await readWholeImage(stock.store, app, digest);
  expect(image === undefined ? undefined : await readPlatforms(stock.store, app, image.facts)).toEqual([]);
  await stock.store.objects.put(blobKey(digestOf("config")), utf8(`{"os":1}`));
  expect(image === undefined ? undefined : await readPlatforms(stock.store, app, image.facts)).toEqual([]);
});
