import { expect, test } from "bun:test";
import { collectBlobs } from "../../../src/registry/gc/blobs.ts";
import { blobKey, layerLink } from "../../../src/registry/layout.ts";
import { named } from "../../proxy/caching.ts";
import { digestOf } from "../../proxy/misbehaving-upstream.ts";
import { intercept } from "../../storage/intercepted.ts";
import { openMemory } from "../../storage/memory.ts";

async function start(...texts: readonly string[]) {
  const clock = { ms: 1_000_000_000 };
  const now = () => clock.ms;
  const store = { ...openMemory(now), now, uuid: () => crypto.randomUUID() };
  const utf8 = (text: string) => new TextEncoder().encode(text);
  for (const text of texts) await store.objects.put(blobKey(digestOf(text)), utf8(text));
  const link = (text: string) => store.objects.put(layerLink(named("app"), digestOf(text)), utf8(digestOf(text)));
  const isThere = async (text: string) => (await store.objects.stat(blobKey(digestOf(text)))) !== undefined;
  return { clock, store, link, isThere };
}

const options = { tag: "cache", graceMs: 60_000, note: "a test" };

test("collectBlobs() takes those that were named and that no link leads to, and no other", async () => {
  const { clock, store, link, isThere } = await start("loose", "linked", "unnamed");
  await link("linked");
  clock.ms += 61_000;
  const digests = [digestOf("loose"), digestOf("linked"), digestOf("never there")];
  const first = await collectBlobs(store, { ...options, digests });
  clock.ms += 61_000;
  const second = await collectBlobs(store, { ...options, digests: [] });
  expect([first, second]).toEqual([
    { freedBytes: 0, left: [] },
    { freedBytes: 5, left: [] },
  ]);
  expect(await Promise.all(["loose", "linked", "unnamed"].map(isThere))).toEqual([false, true, true]);
});

test("collectBlobs() brings back what was linked meanwhile", async () => {
  const { clock, store, link, isThere } = await start("loose");
  clock.ms += 61_000;
  await collectBlobs(store, { ...options, digests: [digestOf("loose")] });
  await link("loose");
  clock.ms += 61_000;
  await collectBlobs(store, { ...options, digests: [] });
  expect([await isThere("loose"), await store.trash.list("blobs")]).toEqual([true, []]);
});

test.each([
  ["ELOOP", { freedBytes: 0, left: [] }],
  ["EIO", "EIO"],
])("collectBlobs() meets a directory that cannot be listed, %s: %p", async (code, want) => {
  const { clock, store, link } = await start("loose", "linked");
  await link("linked");
  clock.ms += 61_000;
  const driver = intercept(store, {
    objects: {
      list: (prefix) => {
        if (prefix.endsWith("/app")) throw Object.assign(new Error(code), { code });
      },
    },
  });
  const collection = collectBlobs({ ...store, ...driver }, { ...options, digests: [digestOf("loose")] });
  expect(await collection.catch((error) => error.code)).toEqual(want as never);
});

test("collectBlobs() names those that are too young, and leaves a collection under way alone", async () => {
  const { store } = await start("young");
  const digests = [digestOf("young")];
  expect(await collectBlobs(store, { ...options, digests })).toEqual({ freedBytes: 0, left: digests });
  const hold = await store.locks.hold("gc", "another");
  expect(await collectBlobs(store, { ...options, digests })).toEqual({ heldBy: "another" });
  if (!("heldBy" in hold)) hold[Symbol.dispose]();
});
