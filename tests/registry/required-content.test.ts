// What the push of a manifest demands of what it names.

import { describe, expect, test } from "bun:test";
import type { Digest } from "../../src/oci/digest.ts";
import { hashBytes } from "../../src/oci/hash.ts";
import { anonymous } from "../../src/registry/actor.ts";
import { blobKey, layerLink, revisionLink } from "../../src/registry/layout.ts";
import { getManifest } from "../../src/registry/manifests.ts";
import { intercept } from "../storage/intercepted.ts";
import { damagedLinks, emptyBlob, isInPlace, trashBlob } from "./disturbed.ts";
import { blob, nondistributable, put } from "./manifest-puts.ts";
import { codeOf } from "./refused.ts";
import { digestOf, named, pushBlob, pushImage, pushIndex, stocked, utf8 } from "./stocked.ts";

const app = named("app");
const by = (digest: Digest) => ({ kind: "digest", digest }) as const;

describe("a PUT", () => {
  test("of an index over blobs, as build caches are, is stored, and brings them back from the trash", async () => {
    const stock = stocked();
    await pushBlob(stock, "app", "c");
    await trashBlob(stock, digestOf("c"));
    expect([
      await codeOf(put(stock, { manifests: [blob("c")] }, { tags: ["1"] })),
      await isInPlace(stock, digestOf("c")),
      await codeOf(put(stock, { manifests: [blob("c", { size: 2 })] })),
    ]).toEqual(["done", true, "MANIFEST_INVALID"]);
  });

  test("names everything that is missing at once", async () => {
    const stock = stocked();
    await pushBlob(stock, "app", "c");
    const fields = { config: blob("c"), layers: [blob("1"), blob("2")] };
    const error = await put(stock, fields).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ refusal: { detail: { digests: [digestOf("1"), digestOf("2")] } } });
  });

  test("takes foreign layers without their bytes, and a subject that is not there yet", async () => {
    const stock = stocked();
    await pushBlob(stock, "app", "c");
    const mediaType = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
    const layers = [blob("far", { mediaType, urls: ["https://example.org/far"] })];
    const { subject } = await put(stock, { config: blob("c"), layers, subject: blob("later") });
    expect(subject).toBe(digestOf("later"));
  });

  test("takes a foreign layer without URLs whose bytes are here", async () => {
    const stock = stocked();
    await pushBlob(stock, "app", "c");
    await pushBlob(stock, "app", "near");
    const layers = [blob("near", { mediaType: nondistributable })];
    expect(await codeOf(put(stock, { config: blob("c"), layers }))).toBe("done");
  });

  const platform = { architecture: "amd64", os: "linux" };
  test.each([
    ["all", [blob("none", { platform })], "MANIFEST_BLOB_UNKNOWN"],
    ["all", [blob("none")], "MANIFEST_BLOB_UNKNOWN"],
    ["none", [blob("none", { platform })], "done"],
    [[platform], [blob("none", { platform })], "MANIFEST_BLOB_UNKNOWN"],
    [[platform], [blob("none", { platform: { ...platform, os: "windows" } }), blob("none")], "done"],
  ] as const)("of an index, where %j must be there (%#)", async (children, manifests, code) => {
    const stock = stocked();
    expect(await codeOf(put(stock, { manifests }, { rules: { urls: "any", children } }))).toBe(code);
  });

  test("touches the children, as a pull of the index will want them", async () => {
    const stock = stocked();
    const child = await pushImage(stock, "app");
    stock.wait(1_000_000);
    await pushIndex(stock, "app", { tag: "1", children: [child] });
    expect((await stock.store.objects.stat(revisionLink(app, child)))?.changedMs).toBe(stock.store.now());
  });

  test("brings back from the trash what it names: blobs and children", async () => {
    const stock = stocked();
    const child = await pushImage(stock, "app");
    const { bytes } = await getManifest(stock.store, app, by(child));
    for (const digest of [digestOf("config"), digestOf("layer"), child]) await trashBlob(stock, digest);
    await put(stock, { config: blob("config"), layers: [blob("layer")] });
    await put(stock, { manifests: [{ ...blob("x"), digest: child, size: bytes.length }] });
    expect([
      await isInPlace(stock, digestOf("config")),
      await isInPlace(stock, digestOf("layer")),
      await isInPlace(stock, child),
    ]).toEqual([true, true, true]);
  });

  test("asks the driver to settle what others may just have written", async () => {
    const settled: string[] = [];
    const stock = stocked((driver) =>
      intercept(driver, { directory: { settle: (keys) => void settled.push(...keys) } }),
    );
    await pushBlob(stock, "app", "c");
    await put(stock, { config: blob("c"), layers: [] });
    expect(settled).toEqual([layerLink(app, digestOf("c")), blobKey(digestOf("c"))]);
  });

  test("takes a blob that registry:2 filed under another digest", async () => {
    const stock = stocked();
    await pushBlob(stock, "app", "c");
    const long = hashBytes(utf8("layer"), "sha512");
    await stock.store.objects.put(blobKey(digestOf("layer")), utf8("layer"));
    await stock.store.objects.put(layerLink(app, long), utf8(digestOf("layer")));
    const fields = { config: blob("c"), layers: [{ ...blob("layer"), digest: long }] };
    expect(await codeOf(put(stock, fields))).toBe("done");
  });

  test.each(damagedLinks)(
    "refuses a blob whose link is %s, until a push of the blob heals it",
    async (_what, bytes) => {
      const stock = stocked();
      await pushBlob(stock, "app", "c");
      await stock.store.objects.put(layerLink(app, digestOf("c")), bytes);
      stock.wait(120_000);
      const before = await codeOf(put(stock, { config: blob("c"), layers: [] }));
      await pushBlob(stock, "app", "c");
      expect([before, await codeOf(put(stock, { config: blob("c"), layers: [] }))]).toEqual([
        "MANIFEST_BLOB_UNKNOWN",
        "done",
      ]);
    },
  );

  test("refuses a blob that lost its bytes in a crash", async () => {
    const stock = stocked();
    await pushBlob(stock, "app", "c");
    await emptyBlob(stock, digestOf("c"));
    expect(await codeOf(put(stock, { config: blob("c"), layers: [] }))).toBe("MANIFEST_BLOB_UNKNOWN");
  });
});

test("a blob that was cut off before a manifest named it is missing, goes out of the way, and is healed by a push", async () => {
  const stock = stocked();
  for (const text of ["c", "layer"]) await pushBlob(stock, "app", text);
  const layer = digestOf("layer");
  await stock.store.objects.put(blobKey(layer), utf8("lay"));
  const pushManifest = () => put(stock, { config: blob("c"), layers: [blob("layer")] });
  expect(await codeOf(pushManifest())).toBe("MANIFEST_BLOB_UNKNOWN");
  expect(await isInPlace(stock, layer)).toBe(false);
  expect(await codeOf(stock.registry.repository(app, anonymous()).blobs.promise(layer))).toBe("BLOB_UNKNOWN");
  await pushBlob(stock, "app", "layer");
  await pushManifest();
  expect(await isInPlace(stock, layer)).toBe(true);
});
