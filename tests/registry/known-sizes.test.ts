import { describe, expect, test } from "bun:test";
import { blobKey, revisionLink } from "../../src/registry/layout.ts";
import { openRegistry } from "../../src/registry/registry.ts";
import { digestOf, named, pullImage, pushBlob, pushImage, type Stocked, stocked, tagged, utf8 } from "./stocked.ts";

const app = named("app");
const layer = digestOf("layer");

/** The same store, as another process sees it that has seen nothing yet. */
function restarted(stock: Stocked): Stocked {
  return { ...stock, registry: openRegistry(stock.store, { rules: { urls: "any", children: "all" } }) };
}

describe.each([
  ["by the process that it was pushed to", (stock: Stocked) => stock],
  ["by a process that was started since", restarted],
])("a blob that was cut off, asked for %s", (_who, seenBy) => {
  test.each([[""], ["lay"], ["layer and more"]])("to %p, is as good as missing until a push heals it", async (text) => {
    const stock = stocked();
    await pushImage(stock, "app", { tag: "1" });
    await stock.store.driver.write(blobKey(layer), utf8(text));
    const { registry } = seenBy(stock);
    expect(registry.blobs.open(app, layer)).rejects.toMatchObject({ code: "BLOB_UNKNOWN" });
    expect(registry.blobs.promise(app, layer)).rejects.toMatchObject({ code: "BLOB_UNKNOWN" });
    expect(await registry.blobs.mount(named("copy"), { digest: layer, from: app })).toBe(false);
    await pushBlob({ ...stock, registry }, "app", "layer");
    expect(await pullImage({ ...stock, registry }, "app", tagged("1"))).toBe(true);
    expect(await registry.blobs.mount(named("copy"), { digest: layer, from: app })).toBe(true);
  });
});

/** Stores a manifest as another registry would, without looking at what it says. */
async function storeUnchecked({ store }: Stocked, name: string, sizeBytes: number): Promise<void> {
  const config = { mediaType: "application/vnd.oci.image.config.v1+json", digest: digestOf("config"), size: sizeBytes };
  const manifest = JSON.stringify({ schemaVersion: 2, config, layers: [] });
  await store.driver.write(blobKey(digestOf(manifest)), utf8(manifest));
  await store.driver.write(revisionLink(named(name), digestOf(manifest)), utf8(digestOf(manifest)));
}

test("a manifest that is wrong about a size counts in its own repository only", async () => {
  const stock = stocked();
  for (const name of ["app", "other"]) await pushBlob(stock, name, "config");
  await storeUnchecked(stock, "other", 7);
  expect((await stock.registry.blobs.open(app, digestOf("config"))).sizeBytes).toBe(6);
  expect(stock.registry.blobs.open(named("other"), digestOf("config"))).rejects.toMatchObject({ code: "BLOB_UNKNOWN" });
});

test("where manifests contradict each other none is believed", async () => {
  const stock = stocked();
  await pushImage(stock, "app", { tag: "1" });
  await storeUnchecked(stock, "app", 7);
  expect((await restarted(stock).registry.blobs.open(app, digestOf("config"))).sizeBytes).toBe(6);
});

test("a blob that no manifest names is served as it is", async () => {
  const stock = stocked();
  await pushBlob(stock, "app", "lonely");
  expect((await restarted(stock).registry.blobs.open(app, digestOf("lonely"))).sizeBytes).toBe(6);
});

test("a manifest that came through another process since the first look is taken note of", async () => {
  const stock = stocked();
  await pushImage(stock, "app", { tag: "1", layers: ["first"] });
  const { registry } = restarted(stock);
  await registry.blobs.open(app, digestOf("first"));
  stock.wait(1000);
  await pushImage(stock, "app", { tag: "2", layers: ["second"] });
  await registry.blobs.open(app, digestOf("second"));
  await stock.store.driver.write(blobKey(digestOf("second")), utf8("sec"));
  await expect(registry.blobs.open(app, digestOf("second"))).rejects.toMatchObject({ code: "BLOB_UNKNOWN" });
});
