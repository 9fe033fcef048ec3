import { describe, expect, test } from "bun:test";
import type { Digest } from "../../src/oci/digest.ts";
import { anonymous } from "../../src/registry/actor.ts";
import { BlobSizes } from "../../src/registry/blob-sizes.ts";
import { blobKey, revisionLink } from "../../src/registry/layout.ts";
import { openRegistry } from "../../src/registry/registry.ts";
import { intercept } from "../storage/intercepted.ts";
import { digestOf, named, pullImage, pushBlob, pushImage, type Stocked, stocked, tagged, utf8 } from "./stocked.ts";

const app = named("app");
const layer = digestOf("layer");
/** More than are looked through again when another blob is asked for that none of them names. */
const manyManifests = 1100;

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
    await stock.store.objects.put(blobKey(layer), utf8(text));
    const { registry } = seenBy(stock);
    expect(registry.repository(app, anonymous()).blobs.open(layer)).rejects.toMatchObject({ code: "BLOB_UNKNOWN" });
    expect(registry.repository(app, anonymous()).blobs.promise(layer)).rejects.toMatchObject({ code: "BLOB_UNKNOWN" });
    expect(
      await registry.repository(named("copy"), anonymous()).blobs.mount({ digest: layer, from: app }),
    ).toBeUndefined();
    await pushBlob({ ...stock, registry }, "app", "layer");
    expect(await pullImage({ ...stock, registry }, "app", tagged("1"))).toBe(true);
    expect(
      await registry.repository(named("copy"), anonymous()).blobs.mount({ digest: layer, from: app }),
    ).toMatchObject({ isNew: true });
  });
});

/** Stores a manifest as another registry would, without looking at what it says. */
async function storeUnchecked({ store }: Stocked, name: string, sizeBytes: number): Promise<void> {
  const config = { mediaType: "application/vnd.oci.image.config.v1+json", digest: digestOf("config"), size: sizeBytes };
  const manifest = JSON.stringify({ schemaVersion: 2, config, layers: [] });
  await store.objects.put(blobKey(digestOf(manifest)), utf8(manifest));
  await store.objects.put(revisionLink(named(name), digestOf(manifest)), utf8(digestOf(manifest)));
}

/** How often the bytes of a blob were read. */
function countingReads(): { readonly stock: Stocked; readonly reads: () => number } {
  let count = 0;
  const stock = stocked((driver) =>
    intercept(driver, {
      directory: {
        dropCache: () => {
          count += 1;
        },
      },
    }),
  );
  return { stock, reads: () => count };
}

test("a manifest that is wrong about a size does not make a whole blob missing: registry:2 takes such", async () => {
  const stock = stocked();
  for (const name of ["app", "other"]) await pushBlob(stock, name, "config");
  await storeUnchecked(stock, "other", 7);
  for (const name of ["app", "other"]) {
    expect((await stock.registry.repository(named(name), anonymous()).blobs.open(digestOf("config"))).sizeBytes).toBe(
      6,
    );
    expect(
      (await stock.registry.repository(named(name), anonymous()).blobs.promise(digestOf("config"))).sizeBytes,
    ).toBe(6);
  }
});

test("what is damaged is read through once, however often it is asked for, and again when it was replaced", async () => {
  const { stock, reads } = countingReads();
  await pushImage(stock, "app", { tag: "1" });
  for (const [times, text] of [
    [1, "lay"],
    [2, "la"],
  ] as const) {
    await stock.store.objects.put(blobKey(layer), utf8(text));
    const asked = [1, 2, 3].map(() =>
      stock.registry
        .repository(app, anonymous())
        .blobs.open(layer)
        .catch((error) => error.code),
    );
    expect(await Promise.all(asked)).toEqual(["BLOB_UNKNOWN", "BLOB_UNKNOWN", "BLOB_UNKNOWN"]);
    expect(reads()).toBe(times);
  }
});

describe("a large repository", () => {
  /** One whose manifests name a layer each; the layer that is named last. */
  async function large(): Promise<{ readonly stock: Stocked; readonly last: Digest; readonly sizeBytes: number }> {
    const stock = stocked();
    const texts = new Map<string, string>();
    for (let index = 0; index < manyManifests; index += 1) {
      const text = `layer ${index}`;
      const type = "application/vnd.oci.image.config.v1+json";
      const config = { mediaType: type, digest: digestOf(text), size: text.length };
      const manifest = JSON.stringify({ schemaVersion: 2, config, layers: [] });
      texts.set(digestOf(manifest), text);
      await stock.store.objects.put(blobKey(digestOf(manifest)), utf8(manifest));
      await stock.store.objects.put(revisionLink(app, digestOf(manifest)), utf8(digestOf(manifest)));
    }
    const text = texts.get([...texts.keys()].toSorted().at(-1) ?? "") ?? "";
    return { stock, last: digestOf(text), sizeBytes: text.length };
  }

  test("is looked through as a whole", async () => {
    const { stock, last, sizeBytes } = await large();
    const sizes = new BlobSizes(stock.store, { scanWaitMs: 60_000 });
    expect([await sizes.isWhole(app, last, 1), await sizes.isWhole(app, last, sizeBytes)]).toEqual([false, true]);
  });

  test("keeps no question waiting for long: its manifests are read on for the next ones", async () => {
    const { stock, last } = await large();
    const sizes = new BlobSizes(stock.store, { scanWaitMs: 0 });
    expect(await sizes.isWhole(app, last, 1)).toBe(true);
    while (await sizes.isWhole(app, last, 1)) await new Promise((resolve) => setImmediate(resolve));
  });
});

test("where manifests contradict each other none is believed", async () => {
  const stock = stocked();
  await pushImage(stock, "app", { tag: "1" });
  await storeUnchecked(stock, "app", 7);
  expect((await restarted(stock).registry.repository(app, anonymous()).blobs.open(digestOf("config"))).sizeBytes).toBe(
    6,
  );
});

test("a blob that no manifest names is served as it is", async () => {
  const stock = stocked();
  await pushBlob(stock, "app", "lonely");
  expect((await restarted(stock).registry.repository(app, anonymous()).blobs.open(digestOf("lonely"))).sizeBytes).toBe(
    6,
  );
});

test("a manifest that came through another process since the first look is taken note of", async () => {
  const stock = stocked();
  await pushImage(stock, "app", { tag: "1", layers: ["first"] });
  const { registry } = restarted(stock);
  await registry.repository(app, anonymous()).blobs.open(digestOf("first"));
  stock.wait(1000);
  await pushImage(stock, "app", { tag: "2", layers: ["second"] });
  await registry.repository(app, anonymous()).blobs.open(digestOf("second"));
  await stock.store.objects.put(blobKey(digestOf("second")), utf8("sec"));
  await expect(registry.repository(app, anonymous()).blobs.open(digestOf("second"))).rejects.toMatchObject({
    code: "BLOB_UNKNOWN",
  });
});

test("get() knows what was learned, for each repository by itself, and isNamed() reads what is stored", async () => {
  const stock = stocked();
  await pushImage(stock, "app", { tag: "1" });
  const sizes = new BlobSizes(stock.store);
  const other = named("other");
  expect([sizes.get(app, layer), await sizes.isNamed(app, digestOf("lonely"))]).toEqual([undefined, false]);
  expect([await sizes.isNamed(app, layer), sizes.get(app, layer)]).toEqual([true, 5]);
  expect([await sizes.isNamed(other, layer), sizes.get(other, layer)]).toEqual([false, undefined]);
});
