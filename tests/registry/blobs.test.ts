import { describe, expect, test } from "bun:test";
import { hashBytes } from "../../src/oci/hash.ts";
import { deleteBlob, mountBlob, openBlob, promiseBlob } from "../../src/registry/blobs.ts";
import { findBlob } from "../../src/registry/find-blob.ts";
import { blobKey, layerLink } from "../../src/registry/layout.ts";
import { contentText } from "../content-text.ts";
import type { LockedDriver } from "../storage/contract.ts";
import { answering, intercept } from "../storage/intercepted.ts";
import { damagedLinks, emptyBlob, isInPlace, trashBlob } from "./disturbed.ts";
import { codeOf } from "./refused.ts";
import { digestOf, named, pushBlob, pushImage, stocked, utf8 } from "./stocked.ts";

const app = named("app");
const other = named("other");
const digest = digestOf("x");

/** Everything that answers 2xx because a blob is there. */
const reliances = [
  ["a GET", (stock) => openBlob(stock.store, app, digest)],
  ["a HEAD", (stock) => promiseBlob(stock.store, app, digest)],
  ["a mount from here", (stock) => mountOr404(stock, app)],
] as const satisfies readonly (readonly [string, (stock: ReturnType<typeof stocked>) => Promise<unknown>])[];

async function mountOr404(stock: ReturnType<typeof stocked>, from: typeof app | undefined): Promise<unknown> {
  if (await mountBlob(stock.store, other, { digest, from })) return openBlob(stock.store, other, digest);
  throw new Error("not mounted");
}

describe.each(reliances)("%s", (what, rely) => {
  test("is answered for what was pushed", async () => {
    const stock = stocked();
    await pushBlob(stock, "app", "x");
    expect(await rely(stock)).toMatchObject({ sizeBytes: 1 });
  });

  test.each([0, 500, 5000])("brings the blob back from the trash first, %p ms after its push", async (ageMs) => {
    const stock = stocked();
    await pushBlob(stock, "app", "x");
    stock.wait(ageMs);
    await trashBlob(stock, digest);
    await rely(stock);
    expect(await isInPlace(stock, digest)).toBe(true);
  });

  test("is refused where the repository has no link, whether or not the blob is there", async () => {
    const stock = stocked();
    await pushBlob(stock, "third", "x");
    expect(await rely(stock).then(() => "done", String)).toMatch(/BLOB_UNKNOWN|not mounted/);
  });

  test("is refused where the bytes are nowhere", async () => {
    const stock = stocked();
    await pushBlob(stock, "app", "x");
    await stock.store.objects.delete(blobKey(digest));
    expect(await rely(stock).then(() => "done", String)).toMatch(/BLOB_UNKNOWN|not mounted/);
  });

  test("is refused where the bytes were lost in a crash, until a push heals them", async () => {
    const stock = stocked();
    await pushBlob(stock, "app", "x");
    await emptyBlob(stock, digest);
    const before = await rely(stock).then(() => "done", String);
    await pushBlob(stock, "app", "x");
    expect([before, await rely(stock)]).toEqual([
      expect.stringMatching(/BLOB_UNKNOWN|not mounted/),
      expect.objectContaining({ sizeBytes: 1 }),
    ]);
  });

  test.each(damagedLinks)("is refused where the link is %s, until a push heals it", async (_damage, bytes) => {
    const stock = stocked();
    await pushBlob(stock, "app", "x");
    await stock.store.objects.put(layerLink(app, digest), bytes);
    stock.wait(120_000);
    const before = await rely(stock).then(() => "done", String);
    await pushBlob(stock, "app", "x");
    expect([before, await rely(stock)]).toEqual([
      expect.stringMatching(/BLOB_UNKNOWN|not mounted/),
      expect.objectContaining({ sizeBytes: 1 }),
    ]);
  });

  test("looks for the blob after it saw the link", async () => {
    const looks: string[] = [];
    const note = (key: string) => void looks.push(key);
    const stock = stocked((driver) => intercept(driver, { objects: { stat: note, read: note, put: note } }));
    await pushBlob(stock, "app", "x");
    stock.wait(5000);
    looks.length = 0;
    await rely(stock);
    const link = layerLink(what === "a mount from here" ? other : app, digest);
    expect(looks.lastIndexOf(blobKey(digest))).toBeGreaterThan(looks.lastIndexOf(link));
  });
});

test("the blob of no bytes is whole without bytes, in both algorithms", async () => {
  const stock = stocked();
  const empty = await pushBlob(stock, "app", "");
  const long = hashBytes(new Uint8Array(), "sha512");
  await stock.store.objects.put(blobKey(long), new Uint8Array());
  expect([
    (await promiseBlob(stock.store, app, empty)).sizeBytes,
    (await findBlob(stock.store, long))?.sizeBytes,
  ]).toEqual([0, 0]);
});

test("content that registry:2 files under sha256 is served under the sha512 that it was pushed by", async () => {
  const stock = stocked();
  const long = hashBytes(utf8("x"), "sha512");
  await stock.store.objects.put(blobKey(digest), utf8("x"));
  for (const alias of [digest, long]) await stock.store.objects.put(layerLink(app, alias), utf8(digest));
  stock.wait(120_000);
  const promised = await promiseBlob(stock.store, app, long);
  const mounted = await mountBlob(stock.store, other, { digest: long, from: app });
  const { content, digest: served } = await openBlob(stock.store, other, long);
  expect([promised.sizeBytes, mounted?.digest, await contentText(content), served]).toEqual([1, long, "x", long]);
});

test("findBlob() sees what somebody else brings back between its looks", async () => {
  let isBack = false;
  const stock = stocked((driver) =>
    intercept(driver, {
      trash: {
        // Another process is faster, each time that this one has looked.
        restore: async () => {
          if (isBack) return;
          isBack = true;
          await driver.objects.put(blobKey(digest), utf8("x"));
        },
      },
    }),
  );
  expect((await findBlob(stock.store, digest))?.sizeBytes).toBe(1);
});

describe("a promise", () => {
  /** A store in which the blob was pushed this long ago; which calls its promise makes. */
  async function callsAfter(ageMs: number) {
    const calls: string[] = [];
    const stock = stocked((driver) =>
      intercept(driver, {
        objects: { renew: (key) => void calls.push(`touch ${key === layerLink(app, digest) ? "link" : key}`) },
        locks: { take: (_name, mode, { waitMs }) => void calls.push(`lock ${mode} ${waitMs}`) },
      }),
    );
    await pushBlob(stock, "app", "x");
    stock.wait(ageMs);
    calls.length = 0;
    await promiseBlob(stock.store, app, digest);
    return calls;
  }

  test.each([
    [0, []],
    [999, []],
    [1000, ["lock shared 1000", "touch link"]],
    [1_000_000, ["lock shared 1000", "touch link"]],
    // A clock that was ahead when the link was made.
    [-1, ["lock shared 1000", "touch link"]],
  ])("of a link %p ms old makes the calls %p", async (ageMs, want) => {
    expect(await callsAfter(ageMs)).toEqual(want);
  });

  test("is given, shorter, when the lock is not to be had", async () => {
    let isBusy = false;
    const touched: string[] = [];
    const wrap = (driver: LockedDriver) =>
      answering(intercept(driver, { objects: { renew: (key) => void touched.push(key) } }), {
        locks: { take: async (name, mode, options) => (isBusy ? undefined : driver.locks.take(name, mode, options)) },
      });
    const stock = stocked(wrap);
    await pushBlob(stock, "app", "x");
    stock.wait(5000);
    isBusy = true;
    expect([await promiseBlob(stock.store, app, digest), touched]).toEqual([{ sizeBytes: 1 }, []]);
  });

  test("is refused when the link was taken away while it waited for the lock", async () => {
    const stock = stocked((driver) =>
      intercept(driver, { locks: { take: async () => void (await driver.objects.delete(layerLink(app, digest))) } }),
    );
    await stock.store.objects.put(blobKey(digest), utf8("x"));
    await stock.store.objects.put(layerLink(app, digest), utf8(digest));
    stock.wait(5000);
    expect(await codeOf(promiseBlob(stock.store, app, digest))).toBe("BLOB_UNKNOWN");
  });

  test("brings back what went into the trash while it waited for the lock", async () => {
    let isWaiting = false;
    const stock = stocked((driver) =>
      intercept(driver, {
        locks: {
          take: async () => {
            if (isWaiting) await trashBlob({ store: stock.store }, digest);
          },
        },
      }),
    );
    await pushBlob(stock, "app", "x");
    stock.wait(5000);
    isWaiting = true;
    await promiseBlob(stock.store, app, digest);
    expect(await isInPlace(stock, digest)).toBe(true);
  });
});

describe("a mount", () => {
  test("without a source finds what is in its place, and restores nothing that nobody holds", async () => {
    const stock = stocked();
    await pushBlob(stock, "app", "x");
    const mounted = await mountBlob(stock.store, other, { digest, from: undefined });
    await trashBlob(stock, digest);
    const mountedFromTrash = await mountBlob(stock.store, named("third"), { digest, from: undefined });
    expect([mounted?.isNew, mountedFromTrash, await isInPlace(stock, digest)]).toEqual([true, undefined, false]);
  });

  test.each([app, undefined])("from %p freshens the blob before it writes the link", async (from) => {
    const calls: string[] = [];
    const stock = stocked((driver) =>
      intercept(driver, {
        objects: { renew: (key) => void calls.push(key), put: (key) => void calls.push(key) },
        locks: { take: (name, mode) => void calls.push(`${mode} ${name}`) },
      }),
    );
    await pushBlob(stock, "app", "x");
    calls.length = 0;
    await mountBlob(stock.store, other, { digest, from });
    expect(calls).toEqual([blobKey(digest), "shared other", layerLink(other, digest)]);
  });

  test("of a blob that goes while its link is written is none: the client uploads", async () => {
    let isGoing = false;
    const stock = stocked((driver) =>
      intercept(driver, {
        locks: { take: async () => void (isGoing && (await driver.objects.delete(blobKey(digest)))) },
      }),
    );
    await pushBlob(stock, "app", "x");
    isGoing = true;
    expect(await mountBlob(stock.store, other, { digest, from: app })).toBeUndefined();
  });

  test("into its own repository is one too", async () => {
    const stock = stocked();
    await pushBlob(stock, "app", "x");
    expect(await mountBlob(stock.store, app, { digest, from: app })).toEqual({ digest, sizeBytes: 1, isNew: false });
  });
});

describe("a deletion", () => {
  test("takes the link, and leaves the bytes to those who hold them", async () => {
    const stock = stocked();
    await pushBlob(stock, "app", "x");
    await pushBlob(stock, "other", "x");
    await deleteBlob(stock.store, app, digest);
    expect([
      await codeOf(openBlob(stock.store, app, digest)),
      await codeOf(deleteBlob(stock.store, app, digest)),
      (await openBlob(stock.store, other, digest)).sizeBytes,
    ]).toEqual(["BLOB_UNKNOWN", "BLOB_UNKNOWN", 1]);
  });

  test.each(damagedLinks)("takes a link that is %s", async (_damage, bytes) => {
    const stock = stocked();
    await stock.store.objects.put(layerLink(app, digest), bytes);
    await deleteBlob(stock.store, app, digest);
    expect(await stock.store.objects.stat(layerLink(app, digest))).toBeUndefined();
  });

  test("waits for who adds, and who adds waits for it", async () => {
    const stock = stocked();
    await pushBlob(stock, "app", "x");
    const order: string[] = [];
    const adding = await stock.store.locks.take(app, "shared", { waitMs: 0 });
    const deleting = deleteBlob(stock.store, app, digest).then(() => order.push("deleted"));
    const pushing = pushBlob(stock, "app", "x").then(() => order.push("pushed"));
    order.push("added");
    adding?.[Symbol.dispose]();
    await Promise.all([deleting, pushing]);
    expect([order, (await openBlob(stock.store, app, digest)).sizeBytes]).toEqual([["added", "deleted", "pushed"], 1]);
  });

  test("of the last blob takes an empty repository along, and leaves one that has a manifest", async () => {
    const stock = stocked();
    await pushBlob(stock, "a/b", "x");
    await deleteBlob(stock.store, named("a/b"), digest);
    await pushImage(stock, "a/c", { tag: "1" });
    for (const text of ["config", "layer"]) await deleteBlob(stock.store, named("a/c"), digestOf(text));
    const repositories = "docker/registry/v2/repositories";
    expect([await stock.store.objects.list(`${repositories}/a`), await stock.store.objects.list(repositories)]).toEqual(
      [["c"], ["a"]],
    );
  });
});
