import { expect, test } from "bun:test";
import type { Digest } from "../../src/oci/digest.ts";
import { hashBytes } from "../../src/oci/hash.ts";
import { anonymous } from "../../src/registry/actor.ts";
import { findBlob, followToBlob, linkBlob, statBlob } from "../../src/registry/find-blob.ts";
import { blobKey, layerLink } from "../../src/registry/layout.ts";
import { withAdding } from "../../src/registry/store.ts";
import type { Key } from "../../src/storage/ports.ts";
import { trashNameOf } from "../../src/storage/trash-names.ts";
import { answering } from "../storage/intercepted.ts";
import { digestOf, named, pushBlob, pushImage, type Stocked, stocked, tagged, utf8 } from "./stocked.ts";

const app = named("app");
const layer = digestOf("layer");

async function noteDamage({ store }: Stocked, isDamaged = true, digest = layer): Promise<void> {
  const stat = await store.objects.stat(blobKey(digest));
  if (stat !== undefined) await store.directory.noteDamage(blobKey(digest), stat, isDamaged);
}

/** Whether it was not refused. */
async function isDone(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  );
}

test("findBlob() ends where somebody else is always faster to take the blob", async () => {
  let restores = 0;
  const { store } = stocked((driver) =>
    answering(driver, {
      trash: {
        restore: async () => {
          restores += 1;
          if (restores > 100) throw new Error("it goes on and on");
          return true;
        },
      },
    }),
  );
  expect(await findBlob(store, layer)).toBeUndefined();
});

test("what a check has found damaged counts as missing everywhere, until a push or a second look", async () => {
  const stock = stocked();
  const digest = await pushImage(stock, "app", { tag: "1" });
  const repository = (name: string) => stock.registry.repository(named(name), anonymous());
  const { blobs, manifests } = repository("app");
  const { bytes } = await manifests.get({ kind: "digest", digest });
  const look = async () => [
    (await findBlob(stock.store, layer)) !== undefined,
    (await statBlob(stock.store, layer)) !== undefined,
    await isDone(blobs.promise(layer)),
    await isDone(blobs.open(layer)),
    (await repository("other").blobs.mount({ digest: layer, from: app })) !== undefined,
    (await repository("third").blobs.mount({ digest: layer, from: undefined })) !== undefined,
    await isDone(manifests.put({ bytes, contentType: undefined, digest, tags: [tagged("2")] })),
  ];
  await noteDamage(stock);
  const damaged = await look();
  await noteDamage(stock, false);
  const whole = await look();
  await noteDamage(stock);
  await pushBlob(stock, "app", "layer");
  const [none, all] = [false, true].map((answer) => Array(7).fill(answer));
  expect([damaged, whole, await look()]).toEqual([none, all, all] as boolean[][]);
});

test("a manifest that was found damaged counts as missing, until it is pushed again", async () => {
  const stock = stocked();
  const digest = await pushImage(stock, "app", { tag: "1" });
  await noteDamage(stock, true, digest);
  const reference = { kind: "tag", tag: tagged("1") } as const;
  const isThere = await isDone(stock.registry.repository(app, anonymous()).manifests.get(reference));
  await pushImage(stock, "app", { tag: "1" });
  expect([isThere, await isDone(stock.registry.repository(app, anonymous()).manifests.get(reference))]).toEqual([
    false,
    true,
  ]);
});

test("followToBlob() gives no bytes of another digest out under a sha512 link, until a push has written it anew", async () => {
  const stock = stocked();
  const long = hashBytes(utf8("layer"), "sha512");
  await pushImage(stock, "app", { tag: "1" });
  const link = layerLink(app, long);
  const follow = async () => (await followToBlob(stock.store, link, long))?.target;
  await stock.store.objects.put(link, utf8(digestOf("config")));
  const wrong = [await follow(), await isDone(stock.registry.repository(app, anonymous()).blobs.open(long))];
  await stock.store.objects.put(link, utf8(layer));
  expect([wrong, await follow()]).toEqual([[undefined, false], layer]);
});

test("linkBlob() looks for the bytes after the link is written, and restores them", async () => {
  const stock = stocked();
  await pushBlob(stock, "app", "layer");
  await stock.store.trash.discard(blobKey(layer), `${trashNameOf(blobKey(layer))}.1`);
  const link = layerLink(named("other"), layer);
  const add = (at: Key, target: Digest) =>
    withAdding(stock.store, app, (adding) => linkBlob(stock.store, adding, { link: at, target }));
  const added = await add(link, layer);
  const again = await add(link, layer);
  const gone = await add(layerLink(app, digestOf("gone")), digestOf("gone"));
  expect([added, again.isNew, gone.stat]).toMatchObject([{ isNew: true, stat: { sizeBytes: 5 } }, false, undefined]);
});
