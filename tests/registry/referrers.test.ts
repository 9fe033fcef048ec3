import { describe, expect, test } from "bun:test";
import type { Digest } from "../../src/oci/digest.ts";
import { anonymous } from "../../src/registry/actor.ts";
import { blobKey, layersPrefix, referrerLink, referrersPrefix, revisionLink } from "../../src/registry/layout.ts";
import { Referrers } from "../../src/registry/referrers.ts";
import { trashNameOf } from "../../src/storage/trash-names.ts";
import { intercept } from "../storage/intercepted.ts";
import { digestOf, named, pushBlob, pushImage, putManifest, type Stocked, stocked, utf8 } from "./stocked.ts";

const app = named("app");
const subject = digestOf("subject");

interface Artifact {
  readonly text: string;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly of?: Digest;
}

/** Pushes a manifest that names a subject. */
async function attach(stock: Stocked, { text, of = subject, ...fields }: Artifact): Promise<Digest> {
  const config = { mediaType: "application/x-config", digest: await pushBlob(stock, "app", text), size: text.length };
  const about = { mediaType: "application/vnd.oci.image.manifest.v1+json", digest: of, size: 1 };
  return putManifest(stock, "app", {
    tag: undefined,
    manifest: { schemaVersion: 2, config, layers: [], subject: about, ...fields },
  });
}

function list({ store }: Stocked, filter: { artifactType?: string; after?: Digest } = {}, of = subject) {
  const { artifactType, after } = filter;
  return new Referrers(store).list(app, { subject: of, artifactType, after });
}

async function digestsOf(stock: Stocked, filter: { artifactType?: string; after?: Digest } = {}) {
  return (await list(stock, filter)).items.map(({ digest }) => digest);
}

/** Takes the index away, as it is in a directory that registry:2 has written. */
async function forgetIndex({ store }: Stocked, referrers: readonly Digest[]): Promise<void> {
  for (const digest of referrers) await store.objects.delete(referrerLink(app, subject, digest));
  await store.directory.removeEmpty(referrersPrefix(app));
}

describe("a list of referrers", () => {
  test("looks at so many for one page, and says from where to go on, also when it found nothing", async () => {
    const stock = stocked();
    for (const text of ["1", "2", "3", "4", "5"])
      await attach(stock, { text, artifactType: text === "1" ? "a/b" : "c/d" });
    const all = (await digestsOf(stock)).toSorted();
    const few = new Referrers(stock.store, { maxPageLooks: 2 });
    const pages: (readonly (Digest | undefined)[])[] = [];
    for (let after: Digest | undefined; ; ) {
      const page = await few.list(app, { subject, artifactType: "a/none", after });
      pages.push([...page.items.map(({ digest }) => digest), page.last]);
      if (!page.hasMore) break;
      after = page.last;
    }
    expect(pages).toEqual([[all[1]], [all[3]], [undefined]]);
    const [first, second] = [
      await few.list(app, { subject, artifactType: undefined, after: undefined }),
      await few.list(app, { subject, artifactType: undefined, after: all[3] }),
    ];
    expect([first.items.map(({ digest }) => digest), first.last, second.hasMore]).toEqual([
      all.slice(0, 2),
      all[1],
      false,
    ]);
  });

  test("describes each, with its own type or that of its config, and its annotations", async () => {
    const stock = stocked();
    const annotations = { "org.example": "1" };
    const typed = await attach(stock, { text: "1", artifactType: "a/sbom", annotations });
    const plain = await attach(stock, { text: "2" });
    await attach(stock, { text: "3", of: digestOf("another") });
    const { items, hasMore } = await list(stock);
    const mediaType = "application/vnd.oci.image.manifest.v1+json";
    const sizeOf = async (digest: Digest) => (await stock.store.objects.stat(blobKey(digest)))?.sizeBytes ?? 0;
    expect([items.toSorted((left, right) => (left.digest < right.digest ? -1 : 1)), hasMore]).toEqual([
      [
        { mediaType, digest: typed, size: await sizeOf(typed), artifactType: "a/sbom", annotations },
        { mediaType, digest: plain, size: await sizeOf(plain), artifactType: "application/x-config" },
      ].toSorted((left, right) => (left.digest < right.digest ? -1 : 1)),
      false,
    ]);
  });

  test("is in the order of the digests, filtered, and goes on after one", async () => {
    const stock = stocked();
    const all: Digest[] = [];
    for (let index = 0; index < 6; index += 1) {
      all.push(await attach(stock, { text: `${index}`, artifactType: index % 2 === 0 ? "a/even" : "a/odd" }));
    }
    const even = all.filter((_digest, index) => index % 2 === 0).toSorted();
    const sorted = all.toSorted();
    const third = sorted[2];
    if (third === undefined) throw new Error("there are six");
    expect([
      await digestsOf(stock),
      await digestsOf(stock, { artifactType: "a/even" }),
      await digestsOf(stock, { artifactType: "a/none" }),
      await digestsOf(stock, { after: third }),
      await digestsOf(stock, { after: sorted[5] as Digest }),
    ]).toEqual([sorted, even, [], sorted.slice(3), []]);
  });

  test("is empty for what has none, and for repositories that there are not", async () => {
    const stock = stocked();
    await pushImage(stock, "app", { tag: "1" });
    const nowhere = await new Referrers(stock.store).list(named("none"), {
      subject,
      artifactType: undefined,
      after: undefined,
    });
    expect([await digestsOf(stock), nowhere]).toEqual([[], { items: [], hasMore: false }]);
  });

  test("shows a referrer only while its revision is there and whole", async () => {
    const stock = stocked();
    const [gone, damaged, deleted, kept] = [
      await attach(stock, { text: "gone" }),
      await attach(stock, { text: "damaged" }),
      await attach(stock, { text: "deleted" }),
      await attach(stock, { text: "kept" }),
    ];
    await stock.store.objects.delete(revisionLink(app, gone));
    await stock.store.objects.put(blobKey(damaged), utf8("{}"));
    await stock.registry.repository(app, anonymous()).manifests.delete(deleted);
    expect(await digestsOf(stock)).toEqual([kept]);
  });

  test("brings the bytes of a referrer back from the trash, for its index too", async () => {
    const stock = stocked();
    const digests = [await attach(stock, { text: "1" }), await attach(stock, { text: "2" })];
    await forgetIndex(stock, digests);
    for (const digest of digests)
      await stock.store.trash.discard(blobKey(digest), `${trashNameOf(blobKey(digest))}.run-1`);
    expect(await digestsOf(stock)).toEqual(digests.toSorted());
    for (const digest of digests)
      await stock.store.trash.discard(blobKey(digest), `${trashNameOf(blobKey(digest))}.run-2`);
    expect(await digestsOf(stock)).toEqual(digests.toSorted());
  });

  test("ends a page before an answer is too large for clients", async () => {
    const stock = stocked();
    const annotations = { text: "x".repeat(1_000_000) };
    for (let index = 0; index < 5; index += 1) await attach(stock, { text: `${index}`, annotations });
    const first = await list(stock);
    const after = first.items.at(-1)?.digest;
    if (after === undefined) throw new Error("there are five");
    const second = await list(stock, { after });
    expect([first.items.length, first.hasMore, second.items.length, second.hasMore]).toEqual([3, true, 2, false]);
  });
});

describe("the index of referrers", () => {
  test("is rebuilt once from manifests that another registry wrote", async () => {
    const written: string[] = [];
    const stock = stocked((driver) => intercept(driver, { objects: { put: (key) => void written.push(key) } }));
    const digests = [await attach(stock, { text: "1" }), await attach(stock, { text: "2" })];
    await forgetIndex(stock, digests);
    written.length = 0;
    const referrers = new Referrers(stock.store);
    const request = { subject, artifactType: undefined, after: undefined };
    const found = await Promise.all([referrers.list(app, request), referrers.list(app, request)]);
    await referrers.list(app, request);
    expect([found.map(({ items }) => items.length), written.toSorted()]).toEqual([
      [2, 2],
      digests.map((digest) => referrerLink(app, subject, digest)).toSorted(),
    ]);
  });

  test("is written under the shared lock", async () => {
    const locks: string[] = [];
    const stock = stocked((driver) =>
      intercept(driver, { locks: { take: (name, mode) => void locks.push(`${mode} ${name}`) } }),
    );
    await forgetIndex(stock, [await attach(stock, { text: "1" })]);
    locks.length = 0;
    await list(stock);
    expect(locks).toEqual(["shared app"]);
  });

  test("is complete in the answer although the disk is full or read-only, also later", async () => {
    let isFull = false;
    const stock = stocked((driver) =>
      intercept(driver, {
        objects: {
          put: () => {
            if (isFull) throw Object.assign(new Error("full"), { code: "ENOSPC" });
          },
        },
      }),
    );
    const written = await attach(stock, { text: "written" });
    const digests = [await attach(stock, { text: "1" }), await attach(stock, { text: "2" })];
    await forgetIndex(stock, digests);
    isFull = true;
    const referrers = new Referrers(stock.store);
    const request = { subject, artifactType: undefined, after: undefined };
    const ask = async () => (await referrers.list(app, request)).items.map(({ digest }) => digest);
    const first = await ask();
    isFull = false;
    const later = await attach(stock, { text: "later" });
    await stock.registry.repository(app, anonymous()).manifests.delete(written);
    expect([first, await ask()]).toEqual([[written, ...digests].toSorted(), [later, ...digests].toSorted()]);
  });

  test("is looked for again after a look that failed", async () => {
    let isBroken = false;
    const stock = stocked((driver) =>
      intercept(driver, {
        objects: {
          list: () => {
            if (isBroken) throw Object.assign(new Error("broken"), { code: "EIO" });
          },
        },
      }),
    );
    const digest = await attach(stock, { text: "1" });
    await forgetIndex(stock, [digest]);
    const referrers = new Referrers(stock.store);
    const request = { subject, artifactType: undefined, after: undefined };
    isBroken = true;
    await expect(referrers.list(app, request)).rejects.toThrow("broken");
    isBroken = false;
    expect((await referrers.list(app, request)).items.map((item) => item.digest)).toEqual([digest]);
  });

  test("passes over manifests that are damaged, and over names that are none", async () => {
    const stock = stocked();
    const digest = await attach(stock, { text: "1" });
    const damaged = await attach(stock, { text: "2" });
    await stock.store.objects.put(blobKey(damaged), utf8("{"));
    await stock.store.directory.makePrefix(`${referrersPrefix(app)}/${subject.replace(":", "/")}/sha256/zz`);
    await stock.store.directory.makePrefix(layersPrefix(app));
    expect(await digestsOf(stock)).toEqual([digest]);
  });
});
