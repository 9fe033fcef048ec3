// Manifests of cached repositories. A digest is answered from the cache; a tag is confirmed with upstream from time to
// time, and served from the cache with a warning while upstream cannot answer.

import { Shared } from "../client/share.ts";
import { type Digest, digestAlgorithm } from "../oci/digest.ts";
import { RegistryError } from "../oci/errors.ts";
import { hashBytes } from "../oci/hash.ts";
import { storedMediaType } from "../oci/manifest.ts";
import type { RepositoryName } from "../oci/name.ts";
import { formatReference, type Reference, type Tag } from "../oci/reference.ts";
import type { BlobSizes } from "../registry/blob-sizes.ts";
import { cacheManifest, confirmTag, markCached, noteUse, tagConfirmedMs } from "../registry/cached.ts";
import type { StoredManifest } from "../registry/manifests.ts";
import type { Store } from "../registry/store.ts";
import type { CachedRepository } from "./blobs.ts";
import type { Report } from "./events.ts";

/** What cached manifests need. */
export interface CachedManifestsOptions {
  readonly store: Store;
  readonly report: Report;
  readonly sizes: BlobSizes;
  /** How long the answer about a tag is trusted. */
  readonly freshMs: number;
  /** A use is not recorded again within this time of the last one. */
  readonly useStepMs: number;
}

/** A manifest to be fetched. */
interface Wanted {
  readonly reference: Reference;
  /** A tag that has moved to it. */
  readonly movedTag?: Tag;
  /** How long upstream may take. */
  readonly answerMs: number;
}

/** The manifests of all cached repositories. */
export class CachedManifests {
  readonly #options: CachedManifestsOptions;
  readonly #asking = new Shared<StoredManifest>();

  constructor(options: CachedManifestsOptions) {
    this.#options = options;
  }

  /** The manifest that a reference names. */
  async get(repository: CachedRepository, reference: Reference): Promise<StoredManifest> {
    const { report, store, useStepMs } = this.#options;
    const { name } = repository;
    const cached = await this.#find(repository, reference);
    const isHit = cached !== undefined && (reference.kind === "digest" || (await this.#isFresh(name, reference.tag)));
    report({ kind: "pull", type: "manifest", isHit });
    const key = `${name}:${formatReference(reference)}`;
    const { answerMs, recheckMs } = repository.upstream.times;
    const found = isHit
      ? cached
      : await this.#asking.run(key, answerMs + recheckMs, () => this.#ask(repository, reference, cached));
    await noteUse(store, name, { kind: "manifest", digest: found.digest, stepMs: useStepMs });
    report({ kind: "sent", type: "manifest", sizeBytes: found.bytes.length });
    return found;
  }

  async #find({ local }: CachedRepository, reference: Reference): Promise<StoredManifest | undefined> {
    try {
      return await local.manifests.get(reference);
    } catch (error) {
      if (error instanceof RegistryError && error.code === "MANIFEST_UNKNOWN") return undefined;
      throw error;
    }
  }

  async #isFresh(name: RepositoryName, tag: Tag): Promise<boolean> {
    const { store, freshMs } = this.#options;
    const confirmedMs = await tagConfirmedMs(store, name, tag);
    return confirmedMs !== undefined && isFresh({ confirmedMs, nowMs: store.now(), freshMs });
  }

  async #ask(
    repository: CachedRepository,
    reference: Reference,
    cached: StoredManifest | undefined,
  ): Promise<StoredManifest> {
    try {
      const current = await this.#fetchCurrent(repository, reference, cached);
      if (current !== undefined) return current;
      if (cached === undefined) throw unknownManifest(repository.name, reference);
      return this.#serveStale(repository, cached, `${formatReference(reference)} is gone there`);
    } catch (error) {
      if (cached === undefined || !isUpstreamError(error)) throw error;
      return this.#serveStale(repository, cached, error.message);
    }
  }

  /** Undefined if upstream has no such manifest. */
  async #fetchCurrent(
    repository: CachedRepository,
    reference: Reference,
    cached: StoredManifest | undefined,
  ): Promise<StoredManifest | undefined> {
    const { name, upstream } = repository;
    const { answerMs, recheckMs } = upstream.times;
    if (cached === undefined || reference.kind === "digest") return this.#fetch(repository, { reference, answerMs });
    const head = await upstream.headManifest(repository.remoteName, reference);
    if (head === undefined) return undefined;
    if (head.digest === undefined) return this.#fetch(repository, { reference, answerMs: recheckMs });
    if (head.digest === cached.digest) {
      await this.#write(name, async () => {
        await confirmTag(this.#options.store, name, reference.tag);
        await markCached(this.#options.store, name, upstream.url.href);
      });
      return cached;
    }
    const moved: Reference = { kind: "digest", digest: head.digest };
    const here = await this.#find(repository, moved);
    const { tag } = reference;
    if (here === undefined) return this.#fetch(repository, { reference: moved, movedTag: tag, answerMs: recheckMs });
    await this.#store(repository, here, tag);
    return here;
  }

  async #fetch(repository: CachedRepository, wanted: Wanted): Promise<StoredManifest | undefined> {
    const { reference, movedTag, answerMs } = wanted;
    const { upstream, remoteName } = repository;
    const received = await upstream.getManifest(remoteName, reference, answerMs);
    if (received === undefined) return undefined;
    const { bytes } = received;
    const expected = reference.kind === "digest" ? reference.digest : received.digest;
    const digest = hashBytes(bytes, expected === undefined ? "sha256" : digestAlgorithm(expected));
    if (expected !== undefined && digest !== expected) throw this.#wrong(repository, expected, "has another digest");
    const mediaType = storedMediaType(bytes);
    if (mediaType === undefined) throw this.#wrong(repository, digest, "is no manifest of schema 2");
    const manifest = { digest, mediaType, sizeBytes: bytes.length, bytes };
    await this.#store(repository, manifest, reference.kind === "tag" ? reference.tag : movedTag);
    await this.#options.sizes.learn(repository.name, manifest);
    return manifest;
  }

  #wrong({ name, upstream }: CachedRepository, digest: Digest, how: string): RegistryError {
    const { host } = upstream;
    this.#options.report({ kind: "wrong", upstream: host, what: `${name}@${digest}`, reason: how });
    return new RegistryError("UPSTREAM_INVALID", { message: `the manifest ${digest} from ${host} ${how}` });
  }

  /** A manifest that could not be pushed cannot be cached either. */
  async #store(repository: CachedRepository, { bytes, digest }: StoredManifest, tag: Tag | undefined): Promise<void> {
    const { name, upstream } = repository;
    await this.#write(name, async () => {
      try {
        await cacheManifest(this.#options.store, name, { bytes, digest, tag, upstream: upstream.url.href });
      } catch (error) {
        if (!(error instanceof RegistryError) || error.code !== "MANIFEST_INVALID") throw error;
        throw this.#wrong(repository, digest, `may not be stored: ${error.message}`);
      }
    });
  }

  /** A cache that cannot be written to still serves. */
  async #write(name: RepositoryName, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (isUpstreamError(error)) throw error;
      this.#options.report({ kind: "uncached", what: name, reason: String(error) });
    }
  }

  #serveStale({ name, upstream }: CachedRepository, cached: StoredManifest, reason: string): StoredManifest {
    this.#options.report({ kind: "stale", upstream: upstream.host, name, reason });
    return { ...cached, warning: `served from the cache: ${reason}` };
  }
}

/** Whether the error is the upstream's. */
export function isUpstreamError(error: unknown): error is RegistryError {
  return error instanceof RegistryError && error.code.startsWith("UPSTREAM_");
}

function unknownManifest(name: RepositoryName, reference: Reference): RegistryError {
  return new RegistryError("MANIFEST_UNKNOWN", { detail: { name, reference: formatReference(reference) } });
}

/** What is known of a cached tag. */
export interface KnownTag {
  /** When the upstream last said where the tag points. */
  readonly confirmedMs: number;
  readonly nowMs: number;
  /** How long that is trusted. */
  readonly freshMs: number;
}

/** Whether the tag need not be confirmed. A time in the future (the clock was set back) is not trusted. */
export function isFresh({ confirmedMs, nowMs, freshMs }: KnownTag): boolean {
  const ageMs = nowMs - confirmedMs;
  return ageMs >= 0 && ageMs < freshMs;
}
