// A registry over its API.
import type { RegistryApi } from "../../client/registry-api.ts";
import { mapAhead } from "../../lib/ahead.ts";
import { BoundedMap } from "../../lib/bounded-map.ts";
import { isRecord, parseDescriptor } from "../../oci/descriptor.ts";
import { parseRepositoryName, type RepositoryName } from "../../oci/name.ts";
import { parseTag, type Tag } from "../../oci/reference.ts";
import {
  type DescribedImage,
  describeImage,
  type FoundManifest,
  type ImageReader,
} from "../../transfer/describe-image.ts";
import type { ImageSource, ListedReferrer, ListedTag } from "./source.ts";

/** So many tags are looked at at once. */
const tagsAtOnce = 8;
const maxRemembered = 1000;
const maxRememberedBytes = 64 * 1024;

/** Opens it. Names that no repository or tag can have are left out. */
export function openRegistrySource(api: RegistryApi): ImageSource {
  const readerOf = (name: RepositoryName) => rememberChildren(plainReader(api, name));
  return {
    host: api.client.host,
    timeIs: "created",
    repositories: async function* (matches) {
      const nothing = {
        tags: undefined,
        sizeBytes: undefined,
        pushedMs: undefined,
        upstream: undefined,
        problem: undefined,
      };
      for await (const page of api.listRepositories()) {
        for (const text of page) {
          const name = parseRepositoryName(text);
          if (name !== undefined && matches(name)) yield { name, ...nothing };
        }
      }
    },
    tags: async function* (name, { matches, isLong }) {
      const reader = readerOf(name);
      const images = new BoundedMap<string, ImageOfTag>(maxRemembered);
      yield* mapAhead(listTags(api, name, matches), isLong ? tagsAtOnce : 1, (tag) =>
        isLong ? lookAt(reader, { name, tag, images }) : Promise.resolve(onlyName(name, tag)),
      );
    },
    reader: readerOf,
    referrers: async function* (name, digest) {
      for await (const page of api.listReferrers(name, digest)) {
        for (const entry of page) {
          const referrer = readReferrer(entry);
          if (referrer !== undefined) yield referrer;
        }
      }
    },
  };
}

async function* listTags(api: RegistryApi, name: RepositoryName, matches: (tag: Tag) => boolean): AsyncGenerator<Tag> {
  for await (const page of api.listTags(name)) {
    for (const text of page) {
      const tag = parseTag(text);
      if (tag !== undefined && matches(tag)) yield tag;
    }
  }
}

function onlyName(name: RepositoryName, tag: Tag, problem?: string): ListedTag {
  const nothing = { digest: undefined, mediaType: undefined, artifactType: undefined, sizeBytes: undefined };
  return { name, tag, ...nothing, platforms: [], timeMs: undefined, problem };
}

async function lookAt(
  reader: ImageReader,
  {
    name,
    tag,
    images,
  }: { readonly name: RepositoryName; readonly tag: Tag; readonly images: BoundedMap<string, ImageOfTag> },
): Promise<ListedTag> {
  const read = await reader.manifest({ kind: "tag", tag });
  if (read === undefined) return onlyName(name, tag, "it has no manifest");
  // Many tags are often one image.
  const image = images.get(read.digest) ?? summarize(await describeImage(reader, read));
  images.set(read.digest, image);
  return { name, tag, ...image };
}

type ImageOfTag = Omit<ListedTag, "name" | "tag">;

function summarize(image: DescribedImage): ImageOfTag {
  const { digest, mediaType, artifactType, sizeBytes, platforms, createdMs, problem } = image;
  return { digest, mediaType, artifactType, sizeBytes, platforms, timeMs: createdMs, problem };
}

function plainReader(api: RegistryApi, name: RepositoryName): ImageReader {
  return {
    manifest: (reference) => api.getManifest(name, reference),
    blob: (digest, maxBytes) => api.getBlob(name, digest, maxBytes),
  };
}

/** What is under a digest is asked for once: tags share configurations, and indexes children. */
function rememberChildren(reader: ImageReader): ImageReader {
  const manifests = new RememberedContent<FoundManifest>(({ bytes }) => bytes.length);
  const blobs = new RememberedContent<Uint8Array>((bytes) => bytes.length);
  return {
    manifest: (reference) =>
      reference.kind === "tag"
        ? reader.manifest(reference)
        : manifests.get(reference.digest, () => reader.manifest(reference)),
    blob: (digest, maxBytes) => blobs.get(digest, () => reader.blob(digest, maxBytes)),
  };
}

/** Content by digest. What is large is not kept. */
class RememberedContent<T> {
  readonly #found = new BoundedMap<string, Promise<T | undefined>>(maxRemembered);
  readonly #measure: (value: T) => number;

  constructor(measure: (value: T) => number) {
    this.#measure = measure;
  }

  get(digest: string, read: () => Promise<T | undefined>): Promise<T | undefined> {
    const known = this.#found.get(digest);
    if (known !== undefined) return known;
    const reading = read().then((value) => {
      if (value !== undefined && this.#measure(value) > maxRememberedBytes) this.#found.delete(digest);
      return value;
    });
    this.#found.set(digest, reading);
    return reading;
  }
}

/** An entry as a registry gives it; undefined for what is none. */
export function readReferrer(entry: unknown): ListedReferrer | undefined {
  const parsed = parseDescriptor(entry);
  if ("problem" in parsed || !isRecord(entry)) return undefined;
  const { digest, mediaType, sizeBytes } = parsed.descriptor;
  const annotations = isRecord(entry.annotations) ? Object.entries(entry.annotations) : [];
  return {
    digest,
    mediaType,
    sizeBytes,
    artifactType: typeof entry.artifactType === "string" ? entry.artifactType : undefined,
    annotations: Object.fromEntries(
      annotations.filter((each): each is [string, string] => typeof each[1] === "string"),
    ),
  };
}
