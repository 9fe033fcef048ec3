// What a page says of an image, from its manifest. It follows from the digest, so it is remembered; whether the manifest
// is there is looked up each time.
import { BoundedMap } from "../../lib/bounded-map.ts";
import { formatPlatform, isStoredElsewhere } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { storedMediaTypeInTurns } from "../../oci/huge-manifest.ts";
import { parseManifestInTurns } from "../../oci/manifest.ts";
import { type ManifestKind, manifestKind, ociImageManifest } from "../../oci/media-type.ts";
import { readStoredNamesInTurns } from "../../oci/stored-names.ts";
import type { Objects } from "../../storage/ports.ts";
import { blobKey } from "../layout.ts";
import type { Store } from "../store.ts";
import { readWhole } from "../whole-bytes.ts";

/** What one manifest says. */
export interface ImageFacts {
  readonly mediaType: string;
  readonly artifactType: string | undefined;
  /** Undefined for one that another registry stored and that we would refuse. */
  readonly kind: ManifestKind | undefined;
  /** Of the manifest itself. */
  readonly sizeBytes: number;
  /** Configuration and layers with their sizes; those that clients fetch from elsewhere are not among them. */
  readonly blobs: ReadonlyMap<Digest, number>;
  /** Of an index. */
  readonly children: ReadonlySet<Digest>;
  /** What an index says its children run on, such as "linux/arm/v7"; not all of many. */
  readonly platforms: readonly string[];
  /** The configuration of an image that runs, which tells its platform. */
  readonly config: Digest | undefined;
}

/** Roughly, in memory. */
const maxWeight = 24 * 1024 * 1024;
const factsWeight = 500;
const digestWeight = 200;

const memories = new WeakMap<Objects, BoundedMap<Digest, ImageFacts>>();

function memoryOf({ objects }: Store): BoundedMap<Digest, ImageFacts> {
  const weigh = ({ blobs, children }: ImageFacts) => factsWeight + digestWeight * (blobs.size + children.size);
  const memory = memories.get(objects) ?? new BoundedMap<Digest, ImageFacts>(maxWeight, weigh);
  memories.set(objects, memory);
  return memory;
}

/**
 * What the manifest under the digest says; undefined where its bytes are nowhere, damaged, or no manifest. Reads without a
 * lock and restores nothing.
 */
export async function readImage(store: Store, digest: Digest): Promise<ImageFacts | undefined> {
  const memory = memoryOf(store);
  const known = memory.get(digest);
  if (known !== undefined) {
    const stat = await store.objects.stat(blobKey(digest));
    if (stat?.isDamaged === false && stat.sizeBytes === known.sizeBytes) return known;
  }
  const bytes = await readWhole(store, digest);
  const facts = bytes === undefined ? undefined : await readFacts(bytes);
  if (facts !== undefined) memory.set(digest, facts);
  return facts;
}

const maxPlatforms = 100;

const configTypes: readonly string[] = [
  "application/vnd.oci.image.config.v1+json",
  "application/vnd.docker.container.image.v1+json",
];

async function readFacts(bytes: Uint8Array): Promise<ImageFacts | undefined> {
  const parsed = await parseManifestInTurns(bytes, undefined);
  if ("problem" in parsed) return await readForeign(bytes);
  const { mediaType, artifactType, blobs, children } = parsed.manifest;
  const kind = manifestKind(mediaType);
  const config = kind === "image" ? blobs[0] : undefined;
  return {
    mediaType,
    artifactType,
    kind,
    sizeBytes: bytes.length,
    blobs: new Map(
      blobs.filter((blob) => !isStoredElsewhere(blob)).map(({ digest, sizeBytes }) => [digest, sizeBytes]),
    ),
    children: new Set(children.map(({ digest }) => digest)),
    platforms: [...new Set(children.flatMap(({ platform }) => (platform && formatPlatform(platform)) ?? []))].slice(
      0,
      maxPlatforms,
    ),
    config: config !== undefined && configTypes.includes(config.mediaType) ? config.digest : undefined,
  };
}

/** Another registry may have accepted what we would refuse; what it names counts, with whatever sizes lie there. */
async function readForeign(bytes: Uint8Array): Promise<ImageFacts | undefined> {
  const names = await readStoredNamesInTurns(bytes);
  if (names === undefined) return undefined;
  return {
    mediaType: (await storedMediaTypeInTurns(bytes)) ?? ociImageManifest,
    artifactType: undefined,
    kind: undefined,
    sizeBytes: bytes.length,
    blobs: new Map(),
    children: new Set(),
    platforms: [],
    config: undefined,
  };
}
