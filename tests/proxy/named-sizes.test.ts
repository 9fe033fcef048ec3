import { expect, test } from "bun:test";
import { findNamed, NamedSizes } from "../../src/proxy/named-sizes.ts";
import { cacheManifest } from "../../src/registry/cached.ts";
import { openMemory } from "../storage/memory.ts";
import { manifestOf, named } from "./caching.ts";
import { digestOf } from "./misbehaving-upstream.ts";

const [config, layer] = [new Uint8Array([1]), new Uint8Array([1, 2, 3])];
const bytes = new TextEncoder().encode(manifestOf(config, [layer]));
const [one, two] = [named("one"), named("two")];

test("sizes are known to the repository whose manifest gave them, and to no other", () => {
  const sizes = new NamedSizes();
  sizes.learn(one, bytes);
  sizes.learn(two, new TextEncoder().encode("no manifest"));
  expect([sizes.get(one, digestOf(layer)), sizes.get(one, digestOf(config)), sizes.get(two, digestOf(layer))]).toEqual([
    3,
    1,
    undefined,
  ]);
});

test("findNamed() looks at the stored manifests", async () => {
  const store = { ...openMemory(), now: Date.now, uuid: () => crypto.randomUUID() };
  await cacheManifest(store, one, { bytes, digest: digestOf(bytes), tag: undefined, upstream: "https://up.example/" });
  const answers = [
    await findNamed(store, one, digestOf(layer)),
    await findNamed(store, one, digestOf("other")),
    await findNamed(store, two, digestOf(layer)),
  ];
  expect(answers).toEqual([{ sizeBytes: 3 }, undefined, undefined]);
});
