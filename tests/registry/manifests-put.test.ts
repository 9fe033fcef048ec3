// The push of a manifest: what it demands, in which order it writes, and what others do meanwhile.

import { describe, expect, test } from "bun:test";
import type { Digest } from "../../src/oci/digest.ts";
import { hashBytes } from "../../src/oci/hash.ts";
import { anonymous } from "../../src/registry/actor.ts";
import {
  blobKey,
  layerLink,
  layersPrefix,
  manifestsPrefix,
  referrerLink,
  revisionLink,
  tagCurrentLink,
  tagIndexLink,
} from "../../src/registry/layout.ts";
import type { ManifestRules } from "../../src/registry/manifest-rules.ts";
import { getManifest, putManifest } from "../../src/registry/manifests.ts";
import { intercept } from "../storage/intercepted.ts";
import { damagedLinks, emptyBlob, isInPlace, trashBlob } from "./disturbed.ts";
import { codeOf } from "./refused.ts";
import { digestOf, named, pushBlob, pushImage, pushIndex, type Stocked, stocked, tagged, utf8 } from "./stocked.ts";

const app = named("app");
const rules: ManifestRules = { urls: "any", children: "all" };
const tag = (text: string) => ({ kind: "tag", tag: tagged(text) }) as const;
const nondistributable = "application/vnd.oci.image.layer.nondistributable.v1.tar";
const by = (digest: Digest) => ({ kind: "digest", digest }) as const;

interface PutOptions {
  readonly tags?: readonly string[];
  readonly digest?: Digest;
  readonly rules?: ManifestRules;
}

/** Pushes a manifest with these fields. */
function put({ store }: Pick<Stocked, "store">, fields: object, options: PutOptions = {}) {
  const bytes = utf8(JSON.stringify({ schemaVersion: 2, ...fields }));
  const { tags = [], digest } = options;
  const request = { bytes, contentType: undefined, digest, tags: tags.map(tagged) };
  return putManifest(store, app, { put: request, rules: options.rules ?? rules });
}

function blob(text: string, fields: object = {}) {
  return { mediaType: "application/octet-stream", digest: digestOf(text), size: text.length, ...fields };
}

describe("a PUT", () => {
  test("keeps its order: what is named, then bytes, revision, referrer and tags, all under the shared lock", async () => {
    const calls: string[] = [];
    const stock = stocked((driver) =>
      intercept(driver, {
        locks: { take: (name, mode) => void calls.push(`lock ${mode} ${name}`) },
        directory: { makePrefix: (key) => void calls.push(key) },
        objects: { put: (key) => void calls.push(key) },
      }),
    );
    await pushBlob(stock, "app", "c");
    const subject = digestOf("subject");
    calls.length = 0;
    const fields = { config: blob("c"), layers: [], subject: blob("subject") };
    const { digest } = await put(stock, fields, { tags: ["1", "2"] });
    expect(calls).toEqual([
      "lock shared app",
      layersPrefix(app),
      blobKey(digest),
      revisionLink(app, digest),
      referrerLink(app, subject, digest),
      tagIndexLink(app, tagged("1"), digest),
      tagCurrentLink(app, tagged("1")),
      tagIndexLink(app, tagged("2"), digest),
      tagCurrentLink(app, tagged("2")),
    ]);
  });

  test("tells the digest and the subject, and keeps the bytes as they came", async () => {
    const stock = stocked();
    await pushBlob(stock, "app", "c");
    const text = `{ "schemaVersion":2,\n "config": ${JSON.stringify(blob("c"))}, "layers":[] }`;
    const digest = hashBytes(utf8(text), "sha512");
    const request = { bytes: utf8(text), contentType: undefined, digest, tags: [tagged("1")] };
    const outcome = await putManifest(stock.store, app, { put: request, rules });
    const { bytes, mediaType } = await getManifest(stock.store, app, tag("1"));
    expect([outcome, new TextDecoder().decode(bytes), mediaType]).toEqual([
      {
        digest,
        mediaType: "application/vnd.oci.image.manifest.v1+json",
        sizeBytes: text.length,
        subject: undefined,
        tags: [{ tag: tagged("1"), previous: undefined }],
        isNew: true,
      },
      text,
      "application/vnd.oci.image.manifest.v1+json",
    ]);
  });

  const refusals: readonly (readonly [string, object, PutOptions, string])[] = [
    ["whose digest is another one", { config: blob("c"), layers: [] }, { digest: digestOf("y") }, "DIGEST_INVALID"],
    ["that is none", { config: blob("c"), layers: [], manifests: [] }, {}, "MANIFEST_INVALID"],
    ["whose config is missing", { config: blob("none"), layers: [] }, {}, "MANIFEST_BLOB_UNKNOWN"],
    ["whose layer is missing", { config: blob("c"), layers: [blob("none")] }, {}, "MANIFEST_BLOB_UNKNOWN"],
    ["whose layer is elsewhere", { config: blob("c"), layers: [blob("other")] }, {}, "MANIFEST_BLOB_UNKNOWN"],
    ["whose child is missing", { manifests: [blob("none")] }, {}, "MANIFEST_BLOB_UNKNOWN"],
    ["whose child is a blob elsewhere", { manifests: [blob("other")] }, {}, "MANIFEST_BLOB_UNKNOWN"],
    ["with another size of a blob", { config: blob("c", { size: 2 }), layers: [] }, {}, "MANIFEST_INVALID"],
    [
      "with a foreign layer that is neither here nor has URLs",
      { config: blob("c"), layers: [blob("l", { mediaType: nondistributable })] },
      {},
      "MANIFEST_BLOB_UNKNOWN",
    ],
    [
      "with a URL that is not allowed",
      { config: blob("c"), layers: [blob("l", { mediaType: nondistributable, urls: ["https://other.example/l"] })] },
      { rules: { urls: { allow: [], deny: [] }, children: "all" } },
      "MANIFEST_INVALID",
    ],
  ];

  test.each(refusals)("of a manifest %s is refused and stores nothing", async (_what, fields, options, code) => {
    const stock = stocked();
    await pushBlob(stock, "app", "c");
    await pushBlob(stock, "other", "other");
    expect([
      await codeOf(put(stock, fields, { tags: ["1"], ...options })),
      (await stock.store.directory.prefixTime(manifestsPrefix(app))) !== undefined,
    ]).toEqual([code, false]);
  });

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

  test("brings back its own bytes that a collector takes before it links them", async () => {
    const fields = { config: blob("c"), layers: [] };
    const digest = hashBytes(utf8(JSON.stringify({ schemaVersion: 2, ...fields })), "sha256");
    const stock = stocked((driver) =>
      intercept(driver, {
        objects: {
          put: async (key) => {
            if (key === revisionLink(app, digest)) await trashBlob({ store: stock.store }, digest);
          },
        },
      }),
    );
    await pushBlob(stock, "app", "c");
    await put(stock, fields, { tags: ["1"] });
    expect([(await getManifest(stock.store, app, tag("1"))).digest, await isInPlace(stock, digest)]).toEqual([
      digest,
      true,
    ]);
  });

  /** The manifest that these tests push, and its digest. */
  const fields = { config: blob("c"), layers: [] };
  const own = hashBytes(utf8(JSON.stringify({ schemaVersion: 2, ...fields })), "sha256");

  test("writes its bytes again when a collector destroys them before it links them", async () => {
    const stock = stocked((driver) =>
      intercept(driver, {
        objects: {
          put: async (key) => {
            if (key.includes("/revisions/")) await driver.objects.delete(blobKey(own));
          },
        },
      }),
    );
    await pushBlob(stock, "app", "c");
    await put(stock, fields, { tags: ["1"] });
    expect([(await getManifest(stock.store, app, tag("1"))).digest, await isInPlace(stock, own)]).toEqual([own, true]);
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
