// The store of this machine, read beside whatever servers and collections work on it.
import { readContent } from "../../lib/content.ts";
import type { Digest } from "../../oci/digest.ts";
import { RegistryError } from "../../oci/errors.ts";
import type { RepositoryName } from "../../oci/name.ts";
import type { Tag } from "../../oci/reference.ts";
import { anonymous } from "../../registry/actor.ts";
import { readRepository } from "../../registry/reading/repository-facts.ts";
import { streamPointedTags, streamTags } from "../../registry/reading/tag-stream.ts";
import { openRegistry } from "../../registry/registry.ts";
import { walkCatalog } from "../../registry/repositories.ts";
import type { Repository } from "../../registry/repository.ts";
import type { Store } from "../../registry/store.ts";
import type { ImageReader } from "../../transfer/describe-image.ts";
import type { ImageSource, ListedReferrer, ListedRepository, ListedTag } from "./source.ts";

/** Opens it. Looking counts as no pull. */
export function openStoreSource(store: Store): ImageSource {
  const registry = openRegistry(store, { rules: { urls: "any", children: "all" } });
  const repository = (name: RepositoryName) => registry.repository(name, anonymous());
  return {
    host: undefined,
    timeIs: "pushed",
    repositories: async function* (matches, { isLong }) {
      for await (const name of walkCatalog(store, { below: [], after: undefined })) {
        if (matches(name)) yield isLong ? await readRepository(store, name) : onlyName(name);
      }
    },
    tags: async function* (name, { matches, isLong }) {
      if (!isLong) {
        for await (const { tag, digest } of streamPointedTags(store, name, matches)) yield onlyTag(name, tag, digest);
        return;
      }
      for await (const { tag, digest, pushedMs, image, platforms, problem } of streamTags(store, name, matches)) {
        const { mediaType, artifactType, config } = image?.facts ?? {};
        const listed = {
          name,
          tag,
          digest,
          mediaType,
          sizeBytes: image?.sizeBytes,
          platforms,
          timeMs: pushedMs,
          problem,
        };
        yield { ...listed, artifactType: config === undefined ? artifactType : undefined } satisfies ListedTag;
      }
    },
    reader: (name) => readerOf(repository(name)),
    referrers: (name, digest) => listReferrers(repository(name), digest),
  };
}

function onlyTag(name: RepositoryName, tag: Tag, digest: Digest): ListedTag {
  const nothing = { mediaType: undefined, artifactType: undefined, sizeBytes: undefined, timeMs: undefined };
  return { name, tag, digest, ...nothing, platforms: [], problem: undefined };
}

function onlyName(name: RepositoryName): ListedRepository {
  const nothing = {
    tags: undefined,
    sizeBytes: undefined,
    pushedMs: undefined,
    upstream: undefined,
    problem: undefined,
  };
  return { name, ...nothing };
}

function readerOf({ manifests, blobs }: Repository): ImageReader {
  return {
    manifest: (reference) =>
      ifThere(async () => {
        const { bytes, digest, mediaType } = await manifests.get(reference);
        return { bytes, digest, contentType: mediaType };
      }),
    blob: (digest, maxBytes) =>
      ifThere(async () => {
        const found = await blobs.open(digest);
        if (!("content" in found) || found.sizeBytes > maxBytes) return undefined;
        return await readContent(found.content);
      }),
  };
}

/** Undefined for what a repository does not hold. */
async function ifThere<T>(read: () => Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    const isAbsent = error instanceof RegistryError && error.code.endsWith("_UNKNOWN");
    if (isAbsent) return undefined;
    throw error;
  }
}

async function* listReferrers({ referrers }: Repository, subject: Digest): AsyncGenerator<ListedReferrer> {
  for (let after: Digest | undefined; ; ) {
    const page = await referrers.list({ subject, artifactType: undefined, after });
    for (const { digest, mediaType, size, artifactType, annotations = {} } of page.items) {
      yield { digest, mediaType, artifactType, sizeBytes: size, annotations };
    }
    after = page.last;
    if (!page.hasMore || after === undefined) return;
  }
}
