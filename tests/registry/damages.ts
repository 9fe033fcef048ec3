// Damage to bytes and links, as it can be seeded, and what a check says of it.

import type { Digest } from "../../src/oci/digest.ts";
import { anonymous } from "../../src/registry/actor.ts";
import {
  blobKey,
  layerLink,
  referrerLink,
  revisionLink,
  tagCurrentLink,
  tagIndexLink,
  uploadPrefix,
} from "../../src/registry/layout.ts";
import { digestOf, named, pushBlob, pushImage, type Stocked, tagged, utf8 } from "./stocked.ts";

const app = named("app");
const one = tagged("1");
const layer = digestOf("layer");

/** One kind of damage, seeded into `sound()`. */
export interface Damage {
  readonly what: string;
  readonly seed: (stock: Stocked, image: Digest, signature: Digest) => Promise<unknown>;
  readonly severity: "lost" | "repairable" | "untidy";
  readonly problem: RegExp;
  /** The exit code after a repair, and how many things it repaired. */
  readonly repaired: readonly [0 | 1 | 2, readonly string[]];
}

const write = ({ store }: Stocked, key: string, text: string) => store.objects.put(key, utf8(text));

/** Each alone. */
export const damages: readonly Damage[] = [
  {
    what: "a flipped bit",
    seed: (stock) => write(stock, blobKey(layer), "layeR"),
    severity: "lost",
    problem: /^its bytes hash to sha256:/,
    repaired: [2, ["quarantined"]],
  },
  {
    what: "a truncated blob",
    seed: (stock) => write(stock, blobKey(layer), "lay"),
    severity: "lost",
    problem: /^its bytes hash to/,
    repaired: [2, ["quarantined"]],
  },
  {
    what: "an emptied manifest",
    seed: (stock, image) => write(stock, blobKey(image), ""),
    severity: "lost",
    problem: /^its bytes hash to/,
    repaired: [2, ["quarantined"]],
  },
  {
    what: "a missing blob",
    seed: ({ store }) => store.objects.delete(blobKey(layer)),
    severity: "lost",
    problem: /^the bytes of sha256:.* are missing$/,
    repaired: [2, []],
  },
  {
    what: "a missing blob that no manifest names, as a broken-off push or another registry's collector leaves its link",
    seed: async (stock) => {
      await pushBlob(stock, "app", "loose");
      await stock.store.objects.delete(blobKey(digestOf("loose")));
    },
    severity: "untidy",
    problem: /^the bytes of sha256:.* are missing, and no manifest here names them; `registry gc` removes the link$/,
    repaired: [1, []],
  },
  {
    what: "a missing blob that no manifest names, beside one whose names nobody can tell",
    seed: async (stock) => {
      const old = JSON.stringify({ schemaVersion: 1, name: "app", fsLayers: [{ blobSum: digestOf("loose") }] });
      await pushBlob(stock, "app", old);
      await write(stock, revisionLink(app, digestOf(old)), digestOf(old));
      await pushBlob(stock, "app", "loose");
      await stock.store.objects.delete(blobKey(digestOf("loose")));
    },
    severity: "lost",
    problem: /^the bytes of sha256:.* are missing$/,
    repaired: [2, []],
  },
  {
    what: "a blob in the trash alone",
    seed: ({ store }) => store.trash.discard(blobKey(layer), `blobs/sha256/${layer.slice(7, 9)}/${layer.slice(7)}.x-1`),
    severity: "repairable",
    problem: /are in the trash$/,
    repaired: [0, ["restored"]],
  },
  {
    what: "an empty layer link",
    seed: (stock) => write(stock, layerLink(app, layer), ""),
    severity: "repairable",
    problem: /content is not its digest/,
    repaired: [0, ["linked"]],
  },
  {
    what: "a newline behind a revision link",
    seed: (stock, image) => write(stock, revisionLink(app, image), `${image}\n`),
    severity: "repairable",
    problem: /content is not its digest/,
    repaired: [0, ["linked"]],
  },
  {
    what: "a link to something else",
    seed: (stock) => write(stock, layerLink(app, layer), digestOf("config")),
    severity: "repairable",
    problem: /content is not its digest/,
    repaired: [0, ["linked"]],
  },
  {
    what: "a layer that is not linked",
    seed: ({ store }) => store.objects.delete(layerLink(app, layer)),
    severity: "repairable",
    problem: /^a blob of the manifest sha256:.*, is not linked here$/,
    repaired: [0, ["linked"]],
  },
  {
    what: "a layer that is not linked, and lies in the trash",
    seed: async ({ store }) => {
      await store.objects.delete(layerLink(app, layer));
      await store.trash.discard(blobKey(layer), `blobs/sha256/${layer.slice(7, 9)}/${layer.slice(7)}.x-1`);
    },
    severity: "repairable",
    problem: /^a blob of the manifest sha256:.*, is not linked here$/,
    repaired: [0, ["linked"]],
  },
  {
    what: "a link that is far too long",
    seed: (stock) => write(stock, layerLink(app, layer), layer.padEnd(5000)),
    severity: "repairable",
    problem: /content is not its digest/,
    repaired: [0, ["linked"]],
  },
  {
    what: "a tag whose revision is gone",
    seed: async (stock, image) => {
      const late = await pushImage(stock, "app", { tag: "late", layers: ["late"] });
      await stock.store.objects.delete(revisionLink(app, late));
      return image;
    },
    severity: "repairable",
    problem: /^the manifest of the tag late, is not linked here$/,
    repaired: [0, ["linked"]],
  },
  {
    what: "a tag without an entry in its index",
    seed: ({ store }, image) => store.objects.delete(tagIndexLink(app, one, image)),
    severity: "repairable",
    problem: /^its index lacks/,
    repaired: [0, ["linked"]],
  },
  {
    what: "an empty tag that ever pointed to one manifest",
    seed: (stock) => write(stock, tagCurrentLink(app, one), ""),
    severity: "repairable",
    problem: /^what the tag points to cannot be read$/,
    repaired: [0, ["linked"]],
  },
  {
    what: "an empty tag that pointed to several",
    seed: async (stock) => {
      await pushImage(stock, "app", { tag: "1", layers: ["next"] });
      await write(stock, tagCurrentLink(app, one), "");
    },
    severity: "lost",
    problem: /^what the tag points to cannot be read$/,
    repaired: [2, []],
  },
  {
    what: "a tag directory without current",
    seed: ({ store }) => store.objects.delete(tagCurrentLink(app, one)),
    severity: "untidy",
    problem: /points to nothing/,
    repaired: [1, []],
  },
  {
    what: "a referrer that is not indexed",
    seed: ({ store }, image, signature) => store.objects.delete(referrerLink(app, image, signature)),
    severity: "repairable",
    problem: /^it is not among the referrers of/,
    repaired: [0, ["linked"]],
  },
  {
    what: "a directory that is no repository name",
    seed: (stock) => write(stock, `docker/registry/v2/repositories/UPPER/_layers/sha256/${layer.slice(7)}/link`, layer),
    severity: "untidy",
    problem: /^it is not the name of a repository$/,
    repaired: [1, []],
  },
  {
    what: "a blob that lies elsewhere",
    seed: (stock) => write(stock, `docker/registry/v2/blobs/sha256/00/${layer.slice(7)}/data`, "layer"),
    severity: "untidy",
    problem: /^no blob lies here$/,
    repaired: [1, []],
  },
  {
    what: "blobs of an algorithm that there is not",
    seed: (stock) => write(stock, "docker/registry/v2/blobs/md5/00/0000/data", "x"),
    severity: "untidy",
    problem: /^no blob lies here$/,
    repaired: [1, []],
  },
  {
    what: "a revision that is no manifest",
    seed: async (stock) => {
      const text = await pushBlob(stock, "app", "no manifest");
      await stock.store.objects.delete(layerLink(app, text));
      await write(stock, revisionLink(app, text), text);
    },
    severity: "untidy",
    problem: /^its bytes are not a manifest; delete it$/,
    repaired: [1, []],
  },
  {
    what: "an index that is wrong about the size of a child",
    seed: async (stock, image) => {
      const child = { mediaType: "application/vnd.oci.image.manifest.v1+json", digest: image, size: 5 };
      const mediaType = "application/vnd.oci.image.index.v1+json";
      const text = JSON.stringify({ schemaVersion: 2, mediaType, manifests: [child] });
      await write(stock, blobKey(digestOf(text)), text);
      await write(stock, revisionLink(app, digestOf(text)), digestOf(text));
    },
    severity: "lost",
    problem: /^it says that sha256:.* has 5 bytes, but it has/,
    repaired: [2, []],
  },
  {
    what: "an abandoned upload without anything",
    seed: async (stock) => {
      await stock.store.directory.makePrefix(uploadPrefix(app, "00000000-0000-4000-8000-000000000001"));
      stock.wait(3_600_001);
    },
    severity: "untidy",
    problem: /^an abandoned upload/,
    repaired: [1, []],
  },
  {
    what: "an abandoned upload",
    seed: async (stock) => {
      await stock.registry.repository(app, anonymous()).uploads.start("sha256");
      stock.wait(3_600_001);
    },
    severity: "untidy",
    problem: /^an abandoned upload/,
    repaired: [1, []],
  },
];
