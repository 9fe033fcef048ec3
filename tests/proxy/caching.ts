// A cache in front of an upstream of the tests.

import { readContent } from "../../src/lib/content.ts";
import { compileNameGlob } from "../../src/lib/name-glob.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { parseRepositoryName, type RepositoryName } from "../../src/oci/name.ts";
import { parseReference, type Reference } from "../../src/oci/reference.ts";
import type { ProxyEvent } from "../../src/proxy/events.ts";
import { openPullThrough, type PullThrough, type PullThroughOptions } from "../../src/proxy/pull-through.ts";
import { usualTurnTimes } from "../../src/proxy/turn-times.ts";
import type { UpstreamTimes } from "../../src/proxy/upstream.ts";
import { Upstream, type UpstreamOptions } from "../../src/proxy/upstream.ts";
import { BlobSizes } from "../../src/registry/blob-sizes.ts";
import type { ArrivingBlob, FoundBlob } from "../../src/registry/blobs.ts";
import { blobKey, transferKey } from "../../src/registry/layout.ts";
import { openRegistry, type Registry } from "../../src/registry/registry.ts";
import type { Store } from "../../src/registry/store.ts";
import type { LockedParts } from "../storage/contract.ts";
import { openMemory } from "../storage/memory.ts";
import { openDisk } from "../storage/test-store.ts";
import type { MisbehavingUpstream } from "./misbehaving-upstream.ts";

/** A store with locks and a trash. */
export type CacheStore = Store & LockedParts;

/** A cache and what can be seen of it. */
export interface Caching {
  readonly cache: PullThrough;
  readonly local: Registry;
  readonly store: CacheStore;
  readonly events: ProxyEvent[];
  readonly upstream: Upstream;
}

/** What differs from the defaults. */
export interface CachingOptions {
  /** Undefined: in memory. */
  readonly root?: string;
  readonly times?: Partial<UpstreamTimes>;
  readonly upstream?: Partial<UpstreamOptions>;
  readonly cache?: Partial<PullThroughOptions>;
  readonly wrapStore?: (store: CacheStore) => CacheStore;
}

/** Asks until there is an answer in time: how quick the machine is, is not what a test with short times is about. */
export async function untilInTime<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (codeOf(error) !== "UPSTREAM_TIMEOUT") throw error;
    }
  }
}

/** Long ones: a test that waits for one of them gives a shorter one. */
const times: UpstreamTimes = {
  answerMs: 60_000,
  recheckMs: 60_000,
  stallMs: 60_000,
  pauseMs: 5,
  leastRate: { bytesPerSecond: 0, windowMs: 1000 },
  firstMs: 30,
  longestMs: 100,
};

/** A client of an upstream of the tests. */
export function clientOf(
  { url, host }: Pick<MisbehavingUpstream, "url" | "host">,
  { events = [], ...options }: Partial<UpstreamOptions> & { readonly events?: ProxyEvent[] } = {},
): Upstream {
  return new Upstream({
    host,
    url,
    ca: undefined,
    realms: [],
    credentials: async () => undefined,
    resolve: async () => ["192.0.2.1"],
    isProxied: () => false,
    times,
    now: Date.now,
    report: (event) => void events.push(event),
    ...options,
  });
}

/** Opens a cache of everything that the upstream has. */
export async function cacheOf(server: MisbehavingUpstream, options: CachingOptions = {}): Promise<Caching> {
  const driver = options.root === undefined ? openMemory() : await openDisk({ root: options.root, isDurable: false });
  const plain: CacheStore = { ...driver, now: Date.now, uuid: () => crypto.randomUUID() };
  const store = options.wrapStore?.(plain) ?? plain;
  return { ...cacheOn(store, server, options), store };
}

/** The same on a store of the test's own. */
export function cacheOn(
  store: Store,
  server: MisbehavingUpstream,
  options: Pick<CachingOptions, "times" | "upstream" | "cache"> = {},
): Omit<Caching, "store"> {
  const events: ProxyEvent[] = [];
  const sizes = new BlobSizes(store);
  const local = openRegistry(store, { rules: { urls: "any", children: "all" }, sizes });
  const report = (event: ProxyEvent) => void events.push(event);
  const upstream = clientOf(server, { events, times: { ...times, ...options.times }, ...options.upstream });
  const cache = openPullThrough(local, store, {
    routes: { main: upstream, others: [], local: [compileNameGlob("local/**")] },
    freshMs: 0,
    abandonMs: 60_000,
    patienceMs: 60_000,
    turnTimes: usualTurnTimes,
    useStepMs: 60_000,
    maxBytes: Number.POSITIVE_INFINITY,
    sizes,
    report,
    ...options.cache,
  });
  return { cache, local, events, upstream };
}

/** Whether the blob is stored, and whether a transfer of it was left. */
export async function placesOf({ store, upstream }: Caching, digest: Digest) {
  using left = await store.transfers.follow(transferKey({ digest, upstream: upstream.url.href }));
  return { isStored: (await store.objects.stat(blobKey(digest))) !== undefined, isLeft: left !== undefined };
}

/** A name that is well-formed. */
export function named(text: string): RepositoryName {
  const name = parseRepositoryName(text);
  if (name === undefined) throw new Error(`not a name: ${text}`);
  return name;
}

/** A reference that is well-formed. */
export function referenceOf(text: string): Reference {
  const reference = parseReference(text);
  if (reference === undefined) throw new Error(`not a reference: ${text}`);
  return reference;
}

/** All bytes of a blob, whichever way it comes. */
export async function bytesOf(blob: FoundBlob | ArrivingBlob): Promise<Uint8Array> {
  if ("content" in blob) return readContent(blob.content);
  const chunks: Uint8Array[] = [];
  for await (const chunk of blob.read()) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** How many bytes came before an error, and its code; the code is undefined where all came. */
export async function tryBytes(
  blob: FoundBlob | ArrivingBlob,
): Promise<{ sizeBytes: number; code: string | undefined }> {
  if ("content" in blob) return { sizeBytes: blob.sizeBytes, code: undefined };
  let sizeBytes = 0;
  try {
    for await (const chunk of blob.read()) sizeBytes += chunk.length;
    return { sizeBytes, code: undefined };
  } catch (error) {
    return { sizeBytes, code: codeOf(error) };
  }
}

/** The code of a refusal. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}

/** The code that a promise is refused with; "none" where it is not. */
export async function refusalOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => "none",
    (error: unknown) => codeOf(error),
  );
}

/** An image of one blob, as a manifest. */
export function manifestOf(config: Uint8Array, layers: readonly Uint8Array[] = [], extra: object = {}): string {
  const descriptor = (mediaType: string, bytes: Uint8Array) => ({
    mediaType,
    digest: `sha256:${Bun.CryptoHasher.hash("sha256", bytes, "hex")}`,
    size: bytes.length,
  });
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: descriptor("application/vnd.oci.image.config.v1+json", config),
    layers: layers.map((bytes) => descriptor("application/vnd.oci.image.layer.v1.tar", bytes)),
    ...extra,
  });
}
