import { describe, expect, test } from "bun:test";
import type { Digest } from "../../src/oci/digest.ts";
import { anonymous } from "../../src/registry/actor.ts";
import { blobKey, deletingKey, referrerLink, revisionLink, tagCurrentLink } from "../../src/registry/layout.ts";
import { deleteManifest, deleteTag } from "../../src/registry/manifest-deletions.ts";
import { getManifest, promiseManifest } from "../../src/registry/manifests.ts";
import type { LockedDriver } from "../storage/contract.ts";
import { intercept } from "../storage/intercepted.ts";
import { damagedLinks, isInPlace, trashBlob } from "./disturbed.ts";
import { codeOf } from "./refused.ts";
import { digestOf, named, pushImage, stocked, tagged, utf8 } from "./stocked.ts";

const app = named("app");
const tag = (text: string) => ({ kind: "tag", tag: tagged(text) }) as const;
const by = (digest: Digest) => ({ kind: "digest", digest }) as const;

describe("a GET and a HEAD", () => {
  const reads = [
    ["GET", getManifest],
    ["HEAD", promiseManifest],
  ] as const;

  test.each(reads)("%s brings the manifest back from the trash", async (_what, read) => {
    const stock = stocked();
    const digest = await pushImage(stock, "app", { tag: "1" });
    stock.wait(5000);
    await trashBlob(stock, digest);
    expect([(await read(stock.store, app, tag("1"))).digest, await isInPlace(stock, digest)]).toEqual([digest, true]);
  });

  test.each(reads)(
    "%s goes on when what somebody else pushed could not be written, such as on a dying disk",
    async (_what, read) => {
      let isFailing = false;
      const flush = async () => {
        if (isFailing) throw Object.assign(new Error("EROFS"), { code: "EROFS" });
      };
      const stock = stocked((driver) => intercept(driver, { objects: { flush } }));
      const digest = await pushImage(stock, "app", { tag: "1" });
      stock.wait(5000);
      isFailing = true;
      expect((await read(stock.store, app, tag("1"))).digest).toBe(digest);
    },
  );

  test("a GET looks again where a collector takes the bytes between the look and the reading", async () => {
    const stock = stocked();
    const digest = await pushImage(stock, "app", { tag: "1" });
    let isTaken = false;
    const driver = intercept(stock.store, {
      objects: {
        read: async (key) => {
          if (key !== blobKey(digest) || isTaken) return;
          isTaken = true;
          await trashBlob(stock, digest);
        },
      },
    });
    expect([(await getManifest({ ...stock.store, ...driver }, app, tag("1"))).digest, isTaken]).toEqual([digest, true]);
  });

  test("a GET of a tag that moves each time, to manifests that are not there, ends", async () => {
    const stock = stocked();
    let moves = 0;
    const driver = intercept(stock.store, {
      objects: {
        read: async (key) => {
          if (key !== tagCurrentLink(app, tagged("1"))) return;
          moves += 1;
          if (moves > 100) throw new Error("it goes on and on");
          await stock.store.objects.put(key, utf8(digestOf(`manifest ${moves}`)));
        },
      },
    });
    expect(await codeOf(getManifest({ ...stock.store, ...driver }, app, tag("1")))).toBe("MANIFEST_UNKNOWN");
  });

  test.each(reads)("%s of what is damaged finds nothing, until a push heals it", async (_what, read) => {
    const damages: readonly ((driver: LockedDriver, digest: Digest) => Promise<unknown>)[] = [
      (driver, digest) => driver.objects.put(blobKey(digest), utf8("{}")),
      (driver, digest) => driver.objects.put(blobKey(digest), utf8("")),
      (driver, digest) => driver.objects.delete(blobKey(digest)),
      (driver, digest) => driver.objects.delete(revisionLink(app, digest)),
      ...damagedLinks.map(
        ([, bytes]) =>
          (driver: LockedDriver, digest: Digest) =>
            driver.objects.put(revisionLink(app, digest), bytes),
      ),
      ...damagedLinks.map(
        ([, bytes]) =>
          (driver: LockedDriver) =>
            driver.objects.put(tagCurrentLink(app, tagged("1")), bytes),
      ),
    ];
    for (const damage of damages) {
      const stock = stocked();
      const digest = await pushImage(stock, "app", { tag: "1" });
      await damage(stock.store, digest);
      stock.wait(120_000);
      const before = await codeOf(read(stock.store, app, tag("1")));
      await pushImage(stock, "app", { tag: "1" });
      expect([before, await codeOf(read(stock.store, app, tag("1")))]).toEqual(["MANIFEST_UNKNOWN", "done"]);
    }
  });

  test("a newline behind a digest is read over", async () => {
    const stock = stocked();
    const digest = await pushImage(stock, "app", { tag: "1" });
    for (const key of [revisionLink(app, digest), tagCurrentLink(app, tagged("1"))]) {
      await stock.store.objects.put(key, utf8(`${digest}\n`));
    }
    expect((await getManifest(stock.store, app, tag("1"))).digest).toBe(digest);
  });

  test("HEAD freshens the revision, GET does not", async () => {
    const stock = stocked();
    const digest = await pushImage(stock, "app", { tag: "1" });
    const startMs = stock.store.now();
    const changedMs = async () => (await stock.store.objects.stat(revisionLink(app, digest)))?.changedMs;
    stock.wait(5000);
    await getManifest(stock.store, app, tag("1"));
    const afterGet = await changedMs();
    await promiseManifest(stock.store, app, tag("1"));
    expect([afterGet, await changedMs()]).toEqual([startMs, startMs + 5000]);
  });

  test("a tag that moves on while it is read, and whose old manifest goes, is read again", async () => {
    let first: Digest | undefined;
    const stock = stocked((driver) =>
      intercept(driver, {
        objects: {
          read: async (key) => {
            if (first === undefined || key !== revisionLink(app, first)) return;
            const old = first;
            first = undefined;
            await pushImage(stock, "app", { tag: "1", layers: ["new"] });
            await deleteManifest(stock.store, app, { digest: old });
          },
        },
      }),
    );
    first = await pushImage(stock, "app", { tag: "1" });
    const old = first;
    const found = await getManifest(stock.store, app, tag("1"));
    expect([found.digest === old, new TextDecoder().decode(found.bytes).includes(digestOf("new"))]).toEqual([
      false,
      true,
    ]);
  });

  test("a manifest is no blob, a blob is no manifest, and neither is another repository's", async () => {
    const stock = stocked();
    const digest = await pushImage(stock, "app");
    expect([
      await codeOf(stock.registry.repository(app, anonymous()).blobs.open(digest)),
      await codeOf(getManifest(stock.store, app, by(digestOf("config")))),
      await codeOf(getManifest(stock.store, named("other"), by(digest))),
    ]).toEqual(["BLOB_UNKNOWN", "MANIFEST_UNKNOWN", "MANIFEST_UNKNOWN"]);
  });
});

describe("a deletion", () => {
  test("of a manifest removes its revision, which decides, then its tags, then the entry of the referrer", async () => {
    const steps: string[] = [];
    const stock = stocked((driver) =>
      intercept(driver, {
        locks: { take: (name, mode) => void steps.push(`${mode} ${name}`) },
        trash: { discard: (key) => void steps.push(key.slice(key.lastIndexOf("/") + 1)) },
        objects: { delete: (key) => void steps.push(key) },
      }),
    );
    const subject = digestOf("subject");
    const digest = await pushImage(stock, "app", { tag: "1", subject });
    await pushImage(stock, "app", { tag: "2", subject });
    await pushImage(stock, "app", { tag: "other", layers: ["other"] });
    steps.length = 0;
    await deleteManifest(stock.store, app, { digest });
    expect([
      steps,
      (await stock.registry.repository(app, anonymous()).tags.list({ limit: 9, after: undefined })).items,
    ]).toEqual([
      ["alone app", revisionLink(app, digest), "1", "2", deletingKey(app), referrerLink(app, subject, digest)],
      ["other"] as never,
    ]);
  });

  test("of a manifest waits for a push that is about to tag it, and takes that tag too", async () => {
    const stock = stocked();
    const digest = await pushImage(stock, "app", { tag: "1" });
    const pushing = await stock.store.locks.take(app, "shared", { waitMs: 0 });
    const deleting = deleteManifest(stock.store, app, { digest });
    // What a push does under its lock, between its check and its answer.
    await stock.store.objects.put(tagCurrentLink(app, tagged("2")), utf8(digest));
    pushing?.[Symbol.dispose]();
    await deleting;
    expect([
      await codeOf(getManifest(stock.store, app, tag("2"))),
      await codeOf(deleteTag(stock.store, app, { tag: tagged("2") })),
    ]).toEqual(["MANIFEST_UNKNOWN", "MANIFEST_UNKNOWN"]);
  });

  test("is refused for what is not there", async () => {
    const stock = stocked();
    await pushImage(stock, "app", { tag: "1" });
    expect([
      await codeOf(deleteManifest(stock.store, app, { digest: digestOf("config") })),
      await codeOf(deleteManifest(stock.store, named("none"), { digest: digestOf("config") })),
      await codeOf(deleteTag(stock.store, app, { tag: tagged("2") })),
    ]).toEqual(["MANIFEST_UNKNOWN", "MANIFEST_UNKNOWN", "MANIFEST_UNKNOWN"]);
  });

  test.each(damagedLinks)("takes a revision and a tag whose links are %s", async (_what, bytes) => {
    const stock = stocked();
    const digest = await pushImage(stock, "app", { tag: "1" });
    await stock.store.objects.put(revisionLink(app, digest), bytes);
    await stock.store.objects.put(tagCurrentLink(app, tagged("1")), bytes);
    expect([
      await codeOf(deleteManifest(stock.store, app, { digest })),
      await codeOf(deleteTag(stock.store, app, { tag: tagged("1") })),
    ]).toEqual(["done", "done"]);
  });

  test("takes a manifest whose bytes are gone or damaged", async () => {
    const stock = stocked();
    const digest = await pushImage(stock, "app", { tag: "1" });
    await stock.store.objects.put(blobKey(digest), utf8("{"));
    await deleteManifest(stock.store, app, { digest });
    expect(await codeOf(getManifest(stock.store, app, tag("1")))).toBe("MANIFEST_UNKNOWN");
  });

  test("of a tag begins the grace of the manifest, whose last tag it may have been", async () => {
    const stock = stocked();
    const digest = await pushImage(stock, "app", { tag: "1" });
    stock.wait(1000);
    await deleteTag(stock.store, app, { tag: tagged("1") });
    expect((await stock.store.objects.stat(revisionLink(app, digest)))?.changedMs).toBe(stock.store.now());
  });

  test("of a tag leaves the manifest and its other tags; of the last manifest takes the repository from the catalog", async () => {
    const stock = stocked();
    const digest = await pushImage(stock, "app", { tag: "1" });
    await pushImage(stock, "app", { tag: "2" });
    const catalog = async () => (await stock.registry.list({ limit: 9, after: undefined })).items;
    await deleteTag(stock.store, app, { tag: tagged("1") });
    const left = (await getManifest(stock.store, app, tag("2"))).digest;
    await deleteTag(stock.store, app, { tag: tagged("2") });
    const before = await catalog();
    await deleteManifest(stock.store, app, { digest });
    expect([left, before, await catalog()]).toEqual([digest, ["app"] as never, []]);
  });
});
