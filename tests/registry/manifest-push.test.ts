// The push of a manifest: what it demands, in which order it writes, and what others do meanwhile.

import { describe, expect, test } from "bun:test";
import { hashBytes } from "../../src/oci/hash.ts";
import {
  blobKey,
  layersPrefix,
  manifestsPrefix,
  referrerLink,
  revisionLink,
  tagCurrentLink,
  tagIndexLink,
} from "../../src/registry/layout.ts";
import { putManifest } from "../../src/registry/manifest-push.ts";
import { getManifest } from "../../src/registry/manifests.ts";
import { intercept } from "../storage/intercepted.ts";
import { isInPlace, trashBlob } from "./disturbed.ts";
import { blob, nondistributable, type PutOptions, put } from "./manifest-puts.ts";
import { codeOf } from "./refused.ts";
import { digestOf, named, pushBlob, stocked, tagged, utf8 } from "./stocked.ts";

const app = named("app");
const tag = (text: string) => ({ kind: "tag", tag: tagged(text) }) as const;

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
    const outcome = await putManifest(stock.store, app, { put: request, rules: { urls: "any", children: "all" } });
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
});
