import { expect, test } from "bun:test";
import type { Digest } from "../../../src/oci/digest.ts";
import { anonymous } from "../../../src/registry/actor.ts";
import { makeRoom, NoRoomError } from "../../../src/registry/gc/make-room.ts";
import { blobKey, layerLink, revisionLink } from "../../../src/registry/layout.ts";
import { answering } from "../../storage/intercepted.ts";
import { digestOf, named, pullImage, pushBlob, pushImage, type Stocked, stocked, tagged } from "../stocked.ts";

const hourMs = 3_600_000;
const options = { graceMs: hourMs, uploadAgeMs: 24 * hourMs, rules: { urls: "any", children: "all" } } as const;
const app = named("app");

/** A store with an image, a blob without a link, and an abandoned upload, all of them old, and one blob that is young. */
async function untidy() {
  const stock = stocked();
  await pushImage(stock, "app", { tag: "1" });
  await unlinkedBlob(stock, "loose");
  const upload = await stock.registry.repository(app, anonymous()).uploads.start("sha256");
  stock.wait(25 * hourMs);
  await unlinkedBlob(stock, "young");
  return { stock, upload };
}

async function unlinkedBlob(stock: Stocked, text: string): Promise<void> {
  await pushBlob(stock, "app", text);
  await stock.store.objects.delete(layerLink(app, digestOf(text)));
}

/** What goes until nothing may, and why nothing more does. */
async function removeAll({ store }: Stocked) {
  const removed: string[] = [];
  try {
    for await (const what of makeRoom(store, options)) removed.push(what);
  } catch (error) {
    if (error instanceof NoRoomError) return { removed, why: error.message };
    throw error;
  }
  throw new Error("it has to end with a reason");
}

test("makeRoom() removes uploads first, then blobs without a link, one by one, and no other", async () => {
  const { stock, upload } = await untidy();
  const { removed, why } = await removeAll(stock);
  expect(removed).toEqual([`the upload ${upload} of app`, `the blob ${digestOf("loose")}`]);
  expect(why).toContain("nothing on it may be removed");
  expect(await pullImage(stock, "app", tagged("1"))).toBe(true);
  expect(await stock.store.objects.stat(blobKey(digestOf("young")))).toBeDefined();
  expect(await stock.store.trash.list("blobs")).toEqual([]);
});

test("makeRoom() removes nothing more when nobody asks for more", async () => {
  const { stock } = await untidy();
  for await (const _removed of makeRoom(stock.store, options)) break;
  expect(await stock.store.objects.stat(blobKey(digestOf("loose")))).toBeDefined();
});

test.each([
  [
    "a tag without its manifest's link",
    async (stock: Stocked, image: Digest) => stock.store.objects.delete(revisionLink(app, image)),
  ],
  ["a manifest without its bytes", async (stock: Stocked, image: Digest) => stock.store.objects.delete(blobKey(image))],
  [
    "an image without a layer's link",
    async (stock: Stocked) => stock.store.objects.delete(layerLink(app, digestOf("layer"))),
  ],
  [
    "an empty link",
    async (stock: Stocked) => stock.store.objects.put(layerLink(app, digestOf("layer")), new Uint8Array()),
  ],
] satisfies readonly (readonly [string, (stock: Stocked, image: Digest) => Promise<unknown>])[])(
  "makeRoom() removes no blob beside %s",
  async (_name, damage) => {
    const { stock } = await untidy();
    await damage(stock, await pushImage(stock, "app", { tag: "1" }));
    const { removed, why } = await removeAll(stock);
    expect(removed.length).toBe(1);
    expect(why).toMatch(/^the disk is full, and no blob may be removed because of this: (?!.*the disk is full)/);
    expect(await stock.store.objects.stat(blobKey(digestOf("loose")))).toBeDefined();
  },
);

test("makeRoom() removes no blob where a directory of links cannot be listed", async () => {
  const { stock } = await untidy();
  const driver = answering(stock.store, {
    objects: {
      list: async (prefix, listing) => {
        if (prefix.endsWith("_layers")) throw Object.assign(new Error("EACCES: permission denied"), { code: "EACCES" });
        return stock.store.objects.list(prefix, listing);
      },
    },
  });
  const { removed, why } = await removeAll({ ...stock, store: { ...stock.store, ...driver } });
  expect([removed.length, why.includes("EACCES")]).toEqual([1, true]);
});
