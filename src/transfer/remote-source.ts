// A repository of another registry as a source.
import { openBlobPart } from "../client/blob-part.ts";
import { receiveBlob } from "../client/receive.ts";
import type { RegistryApi } from "../client/registry-api.ts";
import { type Patience, withRetries } from "../client/retry.ts";
import { type Descriptor, isRecord } from "../oci/descriptor.ts";
import { type Digest, parseDigest } from "../oci/digest.ts";
import { RegistryError } from "../oci/errors.ts";
import { storedMediaType } from "../oci/manifest.ts";
import type { RepositoryName } from "../oci/name.ts";
import { parseTag, type Tag } from "../oci/reference.ts";
import type { BlobReading, SourcePlace } from "./place.ts";

/** A repository behind the API. */
export interface RemoteRepository {
  readonly api: RegistryApi;
  readonly name: RepositoryName;
  readonly patience: Patience;
  readonly now: () => number;
}

const stallMs = 60_000;
const pauseMs = 1000;
/** Several times what the largest repositories have. They are in memory together. */
const maxTags = 500_000;
/** Slower than any line that a copy is started over, so that only one that is stuck is begun again. */
const leastRate = { bytesPerSecond: 512, windowMs: 120_000 };

/** Images of this repository. */
export function remoteSource(repository: RemoteRepository): SourcePlace {
  const { api, name } = repository;
  const { host } = api.client;
  return {
    label: `${host}/${name}`,
    home: { registry: host, name },
    manifest: async (reference) => {
      const found = await api.getManifest(name, reference);
      if (found === undefined) return undefined;
      const { bytes, digest, contentType } = found;
      // What the bytes say counts; a registry that declares something else would be refused by the next one.
      return { bytes, digest, mediaType: storedMediaType(bytes) ?? contentType ?? "application/octet-stream" };
    },
    readBlob: (blob, reading) => readRemote(repository, blob, reading),
    referrers: (subject) => listReferrers(repository, subject),
    tags: () => listTags(repository),
    tagged: async (tag) => (await api.headManifest(name, { kind: "tag", tag }))?.digest,
  };
}

function readRemote(
  { api, name, patience }: RemoteRepository,
  { digest, sizeBytes }: Descriptor,
  { offset, signal }: BlobReading,
): AsyncIterable<Uint8Array> {
  const { host, url } = api.client;
  const wrong = (how: string) => new RegistryError("DIGEST_INVALID", { message: `${host}: the blob ${digest} ${how}` });
  const source = {
    host,
    upstream: url.href,
    digest,
    expectedBytes: sizeBytes,
    pauseMs,
    leastRate,
    wrong,
    open: (part: { readonly offset: number; readonly signal: AbortSignal }) =>
      withRetries(() => openBlobPart(api.client, { name, digest, stallMs, ...part }), patience),
  };
  return receiveBlob(source, { offset, signal, onTotal: () => {} });
}

async function* listReferrers({ api, name }: RemoteRepository, subject: Digest): AsyncGenerator<Digest> {
  for await (const page of api.listReferrers(name, subject)) {
    for (const value of page) {
      const digest = isRecord(value) && typeof value.digest === "string" ? parseDigest(value.digest) : undefined;
      if (digest !== undefined) yield digest;
    }
  }
}

async function* listTags({ api, name }: RemoteRepository): AsyncGenerator<Tag> {
  let count = 0;
  for await (const page of api.listTags(name)) {
    for (const text of page) {
      const tag = parseTag(text);
      count += 1;
      if (count > maxTags) {
        throw new RegistryError("UPSTREAM_INVALID", {
          message: `${api.client.host}/${name} has more than ${maxTags} tags`,
        });
      }
      if (tag !== undefined) yield tag;
    }
  }
}
