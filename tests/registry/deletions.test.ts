import { describe, expect, test } from "bun:test";
import type { Digest } from "../../src/oci/digest.ts";
import { anonymous } from "../../src/registry/actor.ts";
import { deletedLink, deletedPrefix, deletingKey, layerLink } from "../../src/registry/layout.ts";
import { deleteManifest } from "../../src/registry/manifest-deletions.ts";
import type { LockedDriver } from "../storage/contract.ts";
import { wrapCalls } from "../storage/intercepted.ts";
import { collect, graceMs } from "./gc/collected.ts";
import { digestOf, named, pushBlob, pushImage, pushIndex, type Stocked, stocked, tagged } from "./stocked.ts";
import { verify } from "./verify/verified.ts";

const app = named("app");
const tags = ["1", "2", "3"];
const changing = [
  "objects.put",
  "objects.delete",
  "objects.renew",
  "trash.discard",
  "trash.destroy",
  "directory.removeEmpty",
];

/** The driver of a process that dies, or whose disk fails, after so many changes. */
function dyingAfter(driver: LockedDriver, changes: number): LockedDriver {
  let left = changes;
  return wrapCalls(driver, (port, name, call) => {
    if (!changing.includes(`${port}.${name}`)) return call;
    return async (...args) => {
      left -= 1;
      if (left < 0) throw Object.assign(new Error("EIO"), { code: "EIO" });
      return await call(...args);
    };
  });
}

/** A repository with an image under three tags, another image, and a deletion of the first that ended after so many changes. */
async function halfDeleted(
  changes: number,
): Promise<{ readonly stock: Stocked; readonly image: Digest; readonly isDone: boolean }> {
  const stock = stocked();
  await pushImage(stock, "app", { tag: "kept", layers: ["kept"] });
  let image = digestOf("");
  for (const tag of tags) image = await pushImage(stock, "app", { tag });
  const store = { ...stock.store, ...dyingAfter(stock.store, changes) };
  const isDone = await deleteManifest(store, app, { digest: image }).then(
    () => true,
    () => false,
  );
  return { stock, image, isDone };
}

/** Which tags are listed, and which are there by name: always the same. */
async function shownTags({ registry }: Stocked): Promise<readonly string[]> {
  const { items } = await registry.repository(app, anonymous()).tags.list({ limit: 9, after: undefined });
  const byName: string[] = [];
  for (const tag of ["1", "2", "3", "4", "kept"]) {
    const got = await registry
      .repository(app, anonymous())
      .manifests.get({ kind: "tag", tag: tagged(tag) })
      .catch(() => undefined);
    if (got !== undefined) byName.push(tag);
  }
  expect([...items].map(String)).toEqual(byName);
  return byName;
}

const maxChanges = 40;

/** Everything that comes next, after a deletion that ended after each number of changes; returns the states that were seen. */
async function afterEach(
  next: (half: Awaited<ReturnType<typeof halfDeleted>>, before: readonly string[]) => Promise<void>,
) {
  const seen = new Set<string>();
  for (let changes = 0; changes < maxChanges; changes += 1) {
    const half = await halfDeleted(changes);
    const before = await shownTags(half.stock);
    seen.add(before.join(" "));
    await next(half, before);
    if (half.isDone) return [...seen];
  }
  throw new Error("it never ended");
}

const allOrNone = ["1 2 3 kept", "kept"];

describe("a deletion of a manifest with tags that dies or fails at any change", () => {
  test("leaves all of them or none, for whoever looks", async () => {
    expect(await afterEach(async () => {})).toEqual(allOrNone);
  });

  test("is done by asking again", async () => {
    const states = await afterEach(async ({ stock, image }) => {
      await deleteManifest(stock.store, app, { digest: image }).catch((error) =>
        expect(error.code).toBe("MANIFEST_UNKNOWN"),
      );
      expect(await shownTags(stock)).toEqual(["kept"]);
      expect(await stock.store.objects.stat(deletingKey(app))).toBeUndefined();
    });
    expect(states).toEqual(allOrNone);
  });

  test("brings no tag back when the manifest is pushed again", async () => {
    await afterEach(async ({ stock }, before) => {
      await pushImage(stock, "app", { tag: "4" });
      expect(await shownTags(stock)).toEqual([...before.filter((tag) => tag !== "kept"), "4", "kept"]);
      expect((await verify(stock)).summary.lost + (await verify(stock)).summary.repairable).toBe(0);
    });
  });

  test("is finished by the next collection, without a finding", async () => {
    await afterEach(async ({ stock, image }, before) => {
      stock.wait(graceMs);
      expect((await collect(stock)).findings).toEqual([]);
      expect(await shownTags(stock)).toEqual(before as string[]);
      const driver = stock.store;
      expect(await driver.objects.stat(deletingKey(app))).toBeUndefined();
      expect(await driver.objects.stat(deletedLink(app, image))).toBeUndefined();
      expect((await verify(stock)).findings).toEqual([]);
    });
  });

  test("moves a tag that was pointed elsewhere meanwhile to no grave", async () => {
    await afterEach(async ({ stock, image }, before) => {
      await pushImage(stock, "app", { tag: "2", layers: ["new"] });
      await deleteManifest(stock.store, app, { digest: image }).catch(() => undefined);
      expect([before.includes("1"), await shownTags(stock)]).toEqual([before.includes("1"), ["2", "kept"]]);
    });
  });
});

describe("what was deleted on purpose", () => {
  test("is no finding of a collection while something names it, and is forgotten when nothing does", async () => {
    const stock = stocked();
    const image = await pushImage(stock, "app", { layers: ["child"] });
    const index = await pushIndex(stock, "app", { tag: "multi", children: [image] });
    const other = await pushImage(stock, "app", { tag: "1" });
    await stock.registry.repository(app, anonymous()).manifests.delete(image);
    await stock.registry.repository(app, anonymous()).blobs.delete(digestOf("layer"));
    stock.wait(graceMs);
    expect((await collect(stock)).findings).toEqual([]);
    const driver = stock.store;
    const noted = async () => [image, digestOf("layer")].map((digest) => driver.objects.stat(deletedLink(app, digest)));
    expect((await Promise.all(await noted())).filter((stat) => stat === undefined)).toEqual([]);
    for (const digest of [index, other]) await stock.registry.repository(app, anonymous()).manifests.delete(digest);
    expect([
      (await driver.directory.prefixTime(deletedPrefix(app))) !== undefined,
      (await collect(stock)).findings,
    ]).toEqual([false, []]);
  });

  test("is forgotten when it is pushed again", async () => {
    const stock = stocked();
    const image = await pushImage(stock, "app", { tag: "1" });
    await pushImage(stock, "app", { tag: "2", layers: ["other"] });
    await stock.registry.repository(app, anonymous()).manifests.delete(image);
    await stock.registry.repository(app, anonymous()).blobs.delete(digestOf("layer"));
    await pushBlob(stock, "app", "layer");
    await pushImage(stock, "app", { tag: "1" });
    expect(await stock.store.objects.stat(deletedLink(app, image))).toBeUndefined();
    await collect(stock);
    expect(await stock.store.objects.stat(deletedLink(app, digestOf("layer")))).toBeUndefined();
    await stock.store.objects.delete(layerLink(app, digestOf("layer")));
    expect((await collect(stock)).findings).toEqual([expect.stringContaining("which is not linked there")]);
  });
});
