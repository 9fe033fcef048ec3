// A repository of a store as a source. What is cached from another registry is fetched from there as it is read.
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import type { Tag } from "../oci/reference.ts";
import type { Repository } from "../registry/repository.ts";
import { ifThere } from "./absence.ts";
import type { BlobReading, Home, SourcePlace } from "./place.ts";

/** How many tags are read at once. */
const tagsPerPage = 1000;

/** Images of this repository; `home` tells two repositories of one store. */
export function storeSource(repository: Repository, home: Home): SourcePlace {
  return {
    label: repository.name,
    home,
    manifest: (reference) => ifThere(repository.manifests.get(reference)),
    readBlob: (blob, reading) => readStored(repository, blob, reading),
    referrers: (subject) => listReferrers(repository, subject),
    tags: () => listTags(repository),
    tagged: async (tag) => (await ifThere(repository.manifests.get({ kind: "tag", tag })))?.digest,
  };
}

async function* readStored(
  { blobs }: Repository,
  { digest }: Descriptor,
  { offset }: BlobReading,
): AsyncGenerator<Uint8Array> {
  const found = await blobs.open(digest);
  if ("content" in found) yield* found.content.slice(offset, found.sizeBytes).stream();
  else yield* found.read({ start: offset, end: found.sizeBytes ?? Number.MAX_SAFE_INTEGER });
}

async function* listReferrers({ referrers }: Repository, subject: Digest): AsyncGenerator<Digest> {
  for (let after: Digest | undefined; ; ) {
    const page = await referrers.list({ subject, artifactType: undefined, after });
    for (const { digest } of page.items) yield digest;
    after = page.last;
    if (!page.hasMore || after === undefined) return;
  }
}

async function* listTags({ tags }: Repository): AsyncGenerator<Tag> {
  for (let after: Tag | undefined; ; ) {
    const { items, hasMore } = await tags.list({ limit: tagsPerPage, after });
    yield* items;
    after = items.at(-1);
    if (!hasMore || after === undefined) return;
  }
}
