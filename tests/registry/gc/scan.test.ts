import { describe, expect, test } from "bun:test";
import type { Digest } from "../../../src/oci/digest.ts";
import { scanRepository } from "../../../src/registry/gc/scan.ts";
import {
  blobKey,
  deletedLink,
  deletedPrefix,
  deletingKey,
  layerLink,
  repositoryPrefix,
  revisionLink,
  subjectPrefix,
  tagCurrentLink,
} from "../../../src/registry/layout.ts";
import { intercept } from "../../storage/intercepted.ts";
import { trashBlob } from "../disturbed.ts";
import { digestOf, named, pushBlob, pushImage, putManifest, type Stocked, stocked, tagged, utf8 } from "../stocked.ts";
import { collect, collectTwice, graceMs, hasBlob } from "./collected.ts";

const app = named("app");

describe("what cannot be understood", () => {
  /** Each breaks one thing of a repository that also has garbage. */
  const damages: readonly (readonly [string, (stock: Stocked, image: Digest) => Promise<unknown>, RegExp])[] = [
    [
      "an empty layer link",
      ({ store }) => store.objects.put(layerLink(app, digestOf("config")), utf8("")),
      /_layers.*empty/,
    ],
    [
      "a revision link of nonsense",
      ({ store }, image) => store.objects.put(revisionLink(app, image), utf8("zz")),
      /revisions.*malformed/,
    ],
    [
      "an empty tag",
      ({ store }) => store.objects.put(tagCurrentLink(app, tagged("1")), utf8("")),
      /tags\/1\/current\/link/,
    ],
    [
      "a manifest with a flipped bit",
      ({ store }, image) => store.objects.put(blobKey(image), utf8("{}")),
      /manifest .* damaged/,
    ],
    ["a manifest without bytes", ({ store }, image) => store.objects.delete(blobKey(image)), /manifest .* missing/],
    [
      "a link below no digest",
      ({ store }) =>
        store.objects.put("docker/registry/v2/repositories/app/_layers/sha256/zz/link", utf8(digestOf("x"))),
      /not named by a digest/,
    ],
  ];

  test.each(damages)(
    "%s is named, protects its repository, and does not stop the rest",
    async (_what, damage, said) => {
      const stock = stocked();
      const image = await pushImage(stock, "app", { tag: "1" });
      const lonely = await pushBlob(stock, "app", "lonely");
      const elsewhere = await pushBlob(stock, "other", "elsewhere");
      await damage(stock, image);
      stock.wait(graceMs);
      const { findings, removals } = await collect(stock, { deletesUntagged: true });
      expect(findings).toEqual([expect.stringMatching(said)]);
      expect(removals).toEqual([
        ["layer link", elsewhere],
        ["repository", "other"],
        ["blob", elsewhere],
      ]);
      expect(await hasBlob(stock, lonely)).toBe(true);
    },
  );

  test("a directory that is no repository name is named, and its links count", async () => {
    const stock = stocked();
    const digest = await pushBlob(stock, "app", "kept");
    await stock.store.objects.put(
      `docker/registry/v2/repositories/UPPER/_layers/sha256/${digest.slice(7)}/link`,
      utf8(digest),
    );
    stock.wait(graceMs);
    const { findings } = await collect(stock);
    expect(findings).toEqual([expect.stringContaining("UPPER is not a repository name")]);
    expect(await hasBlob(stock, digest)).toBe(true);
  });

  test("a directory of links that cannot be listed keeps every blob", async () => {
    const stock = stocked((driver) =>
      intercept(driver, {
        objects: {
          list: (prefix) => {
            if (prefix.endsWith("broken/_layers")) throw Object.assign(new Error("EIO"), { code: "EIO" });
          },
        },
      }),
    );
    const lonely = await pushBlob(stock, "app", "lonely");
    await pushBlob(stock, "broken", "broken");
    stock.wait(graceMs);
    const { findings, summary } = await collect(stock);
    expect(findings).toEqual([expect.stringContaining("no blob is removed")]);
    expect(summary).toMatchObject({ condemned: 0, purged: 0 });
    expect(await hasBlob(stock, lonely)).toBe(true);
  });

  test("schema 1 and manifests of types that we refuse keep their layers", async () => {
    const stock = stocked();
    for (const text of ["one", "two"]) await pushBlob(stock, "app", text);
    const schema1 = utf8(JSON.stringify({ schemaVersion: 1, fsLayers: [{ blobSum: digestOf("one") }] }));
    const artifact = utf8(
      JSON.stringify({
        mediaType: "application/vnd.oci.artifact.manifest.v1+json",
        blobs: [{ digest: digestOf("two") }],
      }),
    );
    for (const bytes of [schema1, artifact]) {
      const digest = digestOf(new TextDecoder().decode(bytes));
      await stock.store.objects.put(blobKey(digest), bytes);
      await stock.store.objects.put(revisionLink(app, digest), utf8(digest));
    }
    stock.wait(graceMs);
    const { removals, findings } = await collect(stock);
    expect([removals, findings]).toEqual([[], []]);
  });

  test("a sha512 upload of registry:2, filed under sha256, stays", async () => {
    const stock = stocked();
    const stored = await pushBlob(stock, "app", "content");
    const wide = `sha512:${Bun.CryptoHasher.hash("sha512", "content", "hex")}`;
    await stock.store.objects.put(
      `docker/registry/v2/repositories/app/_layers/sha512/${wide.slice(7)}/link`,
      utf8(stored),
    );
    const layers = [{ mediaType: "application/vnd.oci.image.layer.v1.tar", digest: wide, size: 7 }];
    const config = { mediaType: "application/vnd.oci.image.config.v1+json", digest: wide, size: 7 };
    await putManifest(stock, "app", {
      tag: "1",
      manifest: { schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json", config, layers },
    });
    const summary = await collectTwice(stock, { deletesUntagged: true });
    expect(summary).toMatchObject({ trashed: 0, findings: 0 });
    expect(await hasBlob(stock, stored)).toBe(true);
  });
});

describe("a manifest whose push has not come to its look at the bytes", () => {
  test("is no finding, and its repository is left alone", async () => {
    const stock = stocked();
    await pushBlob(stock, "app", "lonely");
    const digest = digestOf("{}");
    await stock.store.objects.put(revisionLink(app, digest), utf8(digest));
    stock.wait(graceMs);
    const pushing = await stock.store.locks.take(app, "shared", { waitMs: 0 });
    expect(await collect(stock)).toMatchObject({ findings: [], summary: { busy: 1, layerLinks: 0 } });
    pushing?.[Symbol.dispose]();
    expect((await collect(stock)).findings).toEqual([expect.stringContaining("missing or damaged")]);
  });

  test("is none when it is deleted meanwhile", async () => {
    const digest = digestOf("{}");
    const stock = stocked((driver) =>
      intercept(driver, { locks: { take: async () => void (await driver.objects.delete(revisionLink(app, digest))) } }),
    );
    await stock.store.objects.put(revisionLink(app, digest), utf8(digest));
    expect((await collect(stock)).findings).toEqual([]);
  });
});

test("a manifest whose bytes a collector took before it was linked is no finding, and comes back", async () => {
  const stock = stocked();
  const image = await pushImage(stock, "app", { tag: "1" });
  await trashBlob(stock, image);
  expect(await collect(stock, { graceMs: 0 })).toMatchObject({ findings: [], summary: { restored: 1, purged: 0 } });
  expect(await hasBlob(stock, image)).toBe(true);
});

describe("what deletions leave", () => {
  const scan = ({ store }: Stocked) => scanRepository(store, { prefix: repositoryPrefix(app), name: app });

  test("what clients deleted is known, and a tag of it is vacant", async () => {
    const stock = stocked();
    const image = await pushImage(stock, "app", { tag: "1" });
    const before = await scan(stock);
    await stock.store.objects.put(deletedLink(app, image), utf8(image));
    await stock.store.objects.delete(revisionLink(app, image));
    const { deleted, vacantTags, isDeleting } = await scan(stock);
    expect([before.deleted.size, before.vacantTags, [...deleted], vacantTags, isDeleting]).toEqual([
      0,
      [],
      [image],
      [tagged("1")],
      false,
    ]);
  });

  test("a deletion that was killed is seen", async () => {
    const stock = stocked();
    const image = await pushImage(stock, "app", { tag: "1" });
    await stock.store.objects.put(deletingKey(app), utf8(image));
    expect((await scan(stock)).isDeleting).toBe(true);
  });

  test("a tag whose deletion began and was killed while its repository was read goes with what tells of it", async () => {
    let kill: (() => Promise<unknown>) | undefined;
    const stock = stocked((driver) =>
      intercept(driver, {
        objects: {
          list: async (prefix) => {
            if (prefix === deletedPrefix(app)) await kill?.();
          },
        },
      }),
    );
    const { objects } = stock.store;
    const image = await pushImage(stock, "app", { tag: "1" });
    await pushImage(stock, "app", { tag: "2", layers: ["other"] });
    kill = async () => {
      kill = undefined;
      await objects.put(deletingKey(app), utf8(image));
      await objects.put(deletedLink(app, image), utf8(image));
      await objects.delete(revisionLink(app, image));
    };
    await collect(stock);
    const left = [deletingKey(app), tagCurrentLink(app, tagged("1")), tagCurrentLink(app, tagged("2"))];
    const isLeft = await Promise.all(left.map(async (key) => (await objects.stat(key)) !== undefined));
    expect(isLeft).toEqual([false, false, true]);
  });

  test("the directory of a subject that nothing refers to any more is vacant", async () => {
    const stock = stocked();
    await pushImage(stock, "app", { tag: "1" });
    const before = await scan(stock);
    await stock.store.directory.makePrefix(subjectPrefix(app, digestOf("subject")));
    expect([before.vacancies, (await scan(stock)).vacancies]).toEqual([[], [subjectPrefix(app, digestOf("subject"))]]);
  });
});
