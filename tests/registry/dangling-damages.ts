// What leads nowhere and what stands in the way, as it can be seeded, and what a check says of it.

import type { Digest } from "../../src/oci/digest.ts";
import { anonymous } from "../../src/registry/actor.ts";
import {
  blobKey,
  layerLink,
  layersPrefix,
  revisionLink,
  tagCurrentLink,
  tagsPrefix,
} from "../../src/registry/layout.ts";
import type { Damage } from "./damages.ts";
import { digestOf, named, pushBlob, pushImage, pushIndex, type Stocked, tagged, utf8 } from "./stocked.ts";

const app = named("app");
const layer = digestOf("layer");

const write = ({ store }: Stocked, key: string, text: string) => store.objects.put(key, utf8(text));

/** Puts an empty prefix in the place of a link. */
async function obstruct(driver: Stocked["store"], link: string): Promise<void> {
  await driver.objects.delete(link);
  await driver.directory.makePrefix(link);
}

/** A build cache as some clients push it: an index over blobs. */
export async function putCache(stock: Stocked): Promise<Digest> {
  const cached = await pushBlob(stock, "cache", "cached");
  const text = JSON.stringify({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.index.v1+json",
    manifests: [{ mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", digest: cached, size: 6 }],
  });
  await write(stock, blobKey(digestOf(text)), text);
  await write(stock, revisionLink(named("cache"), digestOf(text)), digestOf(text));
  return digestOf(text);
}

/** Each alone. */
export const danglingDamages: readonly Damage[] = [
  {
    what: "a deleted child of an index",
    seed: async (stock) => {
      const child = await pushImage(stock, "other", { layers: ["child"] });
      await pushIndex(stock, "other", { tag: "multi", children: [child] });
      await stock.registry.repository(named("other"), anonymous()).manifests.delete(child);
    },
    severity: "untidy",
    problem: /^a child of the index sha256:.*, was deleted; /,
    repaired: [1, []],
  },
  {
    what: "a deleted layer of an image",
    seed: (stock) => stock.registry.repository(app, anonymous()).blobs.delete(layer),
    severity: "untidy",
    problem: /^a blob of the manifest sha256:.*, was deleted; /,
    repaired: [1, []],
  },
  {
    what: "a child of an index that is not linked",
    seed: async (stock) => {
      const child = await pushImage(stock, "other", { layers: ["child"] });
      await pushIndex(stock, "other", { tag: "multi", children: [child] });
      await stock.store.objects.delete(revisionLink(named("other"), child));
    },
    severity: "repairable",
    problem: /^a child of the index sha256:.*, is not linked here$/,
    repaired: [0, ["linked"]],
  },
  {
    what: "a blob as child of an index that is not linked",
    seed: async (stock) => {
      await putCache(stock);
      await stock.store.objects.delete(layerLink(named("cache"), digestOf("cached")));
    },
    severity: "repairable",
    problem: /^a child of the index sha256:.*, is not linked here$/,
    repaired: [0, ["linked"]],
  },
  {
    what: "the link of a manifest that a push left which was broken off",
    seed: async (stock) => write(stock, revisionLink(app, digestOf("none")), digestOf("none")),
    severity: "repairable",
    problem: /^the bytes of sha256:.* are missing, and nothing here leads to it/,
    repaired: [0, ["unlinked"]],
  },
  {
    what: "a missing manifest that a tag leads to",
    seed: (stock, image) => stock.store.objects.delete(blobKey(image)),
    severity: "lost",
    problem: /^the bytes of sha256:.* are missing$/,
    repaired: [2, []],
  },
  {
    what: "a missing manifest that once had a tag",
    seed: async (stock) => {
      const old = await pushImage(stock, "app", { tag: "moving", layers: ["old"] });
      await pushImage(stock, "app", { tag: "moving", layers: ["new"] });
      await stock.store.objects.delete(blobKey(old));
    },
    severity: "lost",
    problem: /^the bytes of sha256:.* are missing$/,
    repaired: [2, []],
  },
  {
    what: "a missing manifest that refers to another one",
    seed: ({ store }, _image, signature) => store.objects.delete(blobKey(signature)),
    severity: "lost",
    problem: /^the bytes of sha256:.* are missing$/,
    repaired: [2, []],
  },
  {
    what: "a tag that is a file",
    seed: ({ store }) => store.objects.put(`${tagsPrefix(app)}/file`, utf8("")),
    severity: "lost",
    problem: /^the tag is not a directory$/,
    repaired: [2, []],
  },
  {
    what: "a tag whose link is a directory",
    seed: ({ store }) => store.directory.makePrefix(tagCurrentLink(app, tagged("odd"))),
    severity: "lost",
    problem: /^what the tag points to is not a file$/,
    repaired: [2, []],
  },
  {
    what: "a link of a layer that is a directory",
    seed: ({ store }) => obstruct(store, layerLink(app, layer)),
    severity: "repairable",
    problem: /^it is not a file$/,
    repaired: [0, ["linked"]],
  },
  {
    what: "a link of a manifest that is a directory",
    seed: ({ store }, image) => obstruct(store, revisionLink(app, image)),
    severity: "repairable",
    problem: /^it is not a file$/,
    repaired: [0, ["linked"]],
  },
  {
    what: "a link that is a directory with something in it",
    seed: async ({ store }) => {
      await obstruct(store, layerLink(app, layer));
      await store.directory.makePrefix(`${layerLink(app, layer)}/below`);
    },
    severity: "repairable",
    problem: /^it is not a file$/,
    repaired: [1, []],
  },
  {
    what: "a link that is a directory, of bytes that are nowhere",
    seed: ({ store }) => store.directory.makePrefix(layerLink(app, digestOf("none"))),
    severity: "lost",
    problem: /^it cannot be read: Error: it is not a file$/,
    repaired: [2, []],
  },
  {
    what: "a file where a link's directory should be",
    seed: ({ store }) => store.objects.put(`${layersPrefix(app)}/sha256/${"0".repeat(64)}`, utf8("")),
    severity: "lost",
    problem: /^it is not a directory$/,
    repaired: [2, []],
  },
];
