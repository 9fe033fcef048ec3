import { describe, expect, test } from "bun:test";
import { blobKey, referrerLink, referrersPrefix, revisionLink } from "../../src/registry/layout.ts";
import { rebuildReferrers } from "../../src/registry/referrer-rebuild.ts";
import { intercept } from "../storage/intercepted.ts";
import { digestOf, named, type Stock, stockedListed, utf8 } from "./stocked.ts";

const app = named("app");
const subject = digestOf("subject");
const note = `${referrersPrefix(app)}/.read`;

/** A manifest about the subject, as a registry writes it that keeps no index. */
async function storeForeign({ store }: Pick<Stock, "store">, text: string) {
  const about = { mediaType: "a/b", digest: subject, size: 1 };
  const manifest = JSON.stringify({
    schemaVersion: 2,
    config: about,
    layers: [],
    subject: about,
    annotations: { text },
  });
  const digest = digestOf(manifest);
  await store.objects.put(blobKey(digest), utf8(manifest));
  await store.objects.put(revisionLink(app, digest), utf8(digest));
  return digest;
}

/** A store that is listed, with so many manifests, and which of them are read. */
async function withForeign(count: number) {
  const reads = new Set<string>();
  const read = (key: string) => {
    if (key.includes("/blobs/")) reads.add(key);
  };
  const stock = stockedListed((driver) => intercept(driver, { objects: { read } }));
  for (let index = 0; index < count; index += 1) await storeForeign(stock, String(index));
  return { stock, reads };
}

describe("the index of referrers of a store that can be listed", () => {
  test("is written for what another registry stored, and read once by all nodes together", async () => {
    const { stock, reads } = await withForeign(120);
    const first = await rebuildReferrers(stock.store, app);
    const readAtFirst = reads.size;
    reads.clear();
    stock.wait(3_600_000);
    const later = await storeForeign(stock, "later");
    await rebuildReferrers(stock.store, app);
    expect([
      first,
      readAtFirst,
      [...reads],
      await stock.store.objects.stat(referrerLink(app, subject, later)),
    ]).toMatchObject([{ unwritten: [], isEmpty: false }, 120, [blobKey(later)], { sizeBytes: later.length }]);
  });

  test("is noted for many manifests only: few leave nothing behind", async () => {
    const notes = [];
    for (const count of [0, 5, 101]) {
      const { stock } = await withForeign(count);
      const { isEmpty } = await rebuildReferrers(stock.store, app);
      notes.push([isEmpty, (await stock.store.objects.stat(note)) !== undefined]);
    }
    expect(notes).toEqual([
      [true, false],
      [false, false],
      [false, true],
    ]);
  });

  test.each(["nonsense", "-1", "9".repeat(100)])("is rebuilt whatever the note says: %p", async (text) => {
    const { stock, reads } = await withForeign(3);
    await stock.store.objects.put(note, utf8(text));
    await rebuildReferrers(stock.store, app);
    expect(reads.size).toBe(3);
  });
});
