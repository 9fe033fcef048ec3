// An image as a whole: an index with its children, each blob counted once, and what it runs on.
import { BoundedMap } from "../../lib/bounded-map.ts";
import { parseStrictJsonInTurns } from "../../lib/json.ts";
import { stepAside } from "../../lib/pacer.ts";
import { formatPlatform, parsePlatform } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { manifestLimits } from "../../oci/manifest.ts";
import type { RepositoryName } from "../../oci/name.ts";
import type { Objects } from "../../storage/ports.ts";
import { blobKey, layerLink } from "../layout.ts";
import { isRevision } from "../manifests.ts";
import type { Store } from "../store.ts";
import { type ImageFacts, readImage } from "./image-facts.ts";

/** A whole image. */
export interface WholeImage {
  readonly facts: ImageFacts;
  /** Manifests, configurations and layers, each once. */
  readonly sizeBytes: number;
  /** How many manifests of an index are not in the repository. */
  readonly missing: number;
}

/** The image of a manifest that the repository links; undefined where that cannot be read. */
export async function readWholeImage(
  store: Store,
  name: RepositoryName,
  digest: Digest,
): Promise<WholeImage | undefined> {
  const facts = await readImage(store, digest);
  if (facts === undefined) return undefined;
  const sizes = new Map<Digest, number>();
  const visited = new Set([digest]);
  let missing = 0;
  // This also visits what is added on the way: an index may name indexes.
  for (const each of visited) {
    await stepAside();
    const found = each === digest ? facts : await readChild(store, name, each);
    if (found === undefined) {
      missing += 1;
      continue;
    }
    sizes.set(each, found.sizeBytes);
    for (const [blob, sizeBytes] of found.blobs) sizes.set(blob, sizeBytes);
    for (const child of found.children) visited.add(child);
  }
  let sizeBytes = 0;
  for (const each of sizes.values()) sizeBytes += each;
  return { facts, sizeBytes, missing };
}

async function readChild(store: Store, name: RepositoryName, digest: Digest): Promise<ImageFacts | undefined> {
  return (await isRevision(store, name, digest)) ? await readImage(store, digest) : undefined;
}

/** What it runs on: an index as its entries say, an image as its configuration says. */
export async function readPlatforms(store: Store, name: RepositoryName, facts: ImageFacts): Promise<readonly string[]> {
  if (facts.config === undefined) return facts.platforms;
  // What the repository does not link is not its own to tell.
  if ((await store.objects.stat(layerLink(name, facts.config))) === undefined) return [];
  const platform = await readPlatform(store, facts.config);
  return platform === undefined ? [] : [platform];
}

const maxConfigBytes = 1024 * 1024;
const maxRemembered = 50_000;
const memories = new WeakMap<Objects, BoundedMap<Digest, string>>();

/** Remembered, since it follows from the digest. */
async function readPlatform(store: Store, config: Digest): Promise<string | undefined> {
  const memory = memories.get(store.objects) ?? new BoundedMap<Digest, string>(maxRemembered);
  memories.set(store.objects, memory);
  const known = memory.get(config);
  if (known !== undefined) return known;
  const bytes = await store.objects.read(blobKey(config), maxConfigBytes);
  if (bytes === undefined) return undefined;
  const json = await parseStrictJsonInTurns(bytes, manifestLimits);
  const platform = "problem" in json ? undefined : parsePlatform(json.value);
  const text = platform === undefined ? undefined : formatPlatform(platform);
  if (text !== undefined) memory.set(config, text);
  return text;
}
