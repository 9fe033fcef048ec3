// A registry in memory with a clock that tests turn, and short words for what is pushed to it.

import { readContent } from "../../src/lib/content.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { hashBytes } from "../../src/oci/hash.ts";
import { parseRepositoryName, type RepositoryName } from "../../src/oci/name.ts";
import { parseTag, type Tag } from "../../src/oci/reference.ts";
import { anonymous } from "../../src/registry/actor.ts";
import { openRegistry, type Registry } from "../../src/registry/registry.ts";
import type { Store } from "../../src/registry/store.ts";
import type { Driver } from "../../src/storage/driver.ts";
import type { LockedDriver, LockedParts } from "../storage/contract.ts";
import { openMemory } from "../storage/memory.ts";

/** A store, the registry over it, and its clock. */
export interface Stock {
  readonly store: Store;
  readonly registry: Registry;
  /** Lets time pass. */
  wait(ms: number): void;
}

/** The same over a store with locks and a trash. */
export interface Stocked extends Stock {
  readonly store: Store & LockedParts;
}

/** What of an image differs from the plainest one. */
export interface ImageOptions {
  readonly tag?: string;
  readonly layers?: readonly string[];
  readonly subject?: Digest;
}

const indexType = "application/vnd.oci.image.index.v1+json";
const imageType = "application/vnd.oci.image.manifest.v1+json";
const layerType = "application/vnd.oci.image.layer.v1.tar+gzip";

/** An empty registry, on a driver in memory unless another one is given. */
export function stocked(wrap: (driver: LockedDriver) => LockedDriver = (driver) => driver): Stocked {
  let nowMs = 1_700_000_000_000;
  const now = () => nowMs;
  return stockedOn(wrap(openMemory(now)), now, (ms) => {
    nowMs += ms;
  });
}

/** The same on a store that is listed at once, as a bucket is. */
export function stockedListed(wrap: (driver: LockedDriver) => LockedDriver = (driver) => driver): Stocked {
  let nowMs = 1_700_000_000_000;
  const now = () => nowMs;
  return stockedOn(wrap(openMemory(now, { isListed: true })), now, (ms) => {
    nowMs += ms;
  });
}

/** The same with a clock of which no two looks agree, as where a time tells whether something was touched again. */
export function stockedTicking(wrap: (driver: LockedDriver) => LockedDriver): Stocked {
  let nowMs = 1_700_000_000_000;
  const now = () => {
    nowMs += 1;
    return nowMs;
  };
  return stockedOn(wrap(openMemory(now)), now);
}

/** A registry on a driver of the test's own. */
export function stockedOn<D extends Driver>(
  driver: D,
  now: () => number = Date.now,
  wait: (ms: number) => void = () => {},
): Stock & { readonly store: Store & D } {
  const store = { ...driver, now, uuid: () => crypto.randomUUID() };
  return { store, registry: openRegistry(store, { rules: { urls: "any", children: "all" } }), wait };
}

/** The name, which has to be one. */
export function named(text: string): RepositoryName {
  const name = parseRepositoryName(text);
  if (name === undefined) throw new TypeError(text);
  return name;
}

/** The tag, which has to be one. */
export function tagged(text: string): Tag {
  const tag = parseTag(text);
  if (tag === undefined) throw new TypeError(text);
  return tag;
}

/** The text in UTF-8. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** The digest that the text is stored under. */
export function digestOf(text: string): Digest {
  return hashBytes(utf8(text), "sha256");
}

/** Uploads a blob. */
export async function pushBlob({ registry }: Stock, name: string, text: string): Promise<Digest> {
  const { uploads } = registry.repository(named(name), anonymous());
  const body = async function* () {
    yield utf8(text);
  };
  await uploads.commit(await uploads.start("sha256"), { body, range: undefined }, digestOf(text));
  return digestOf(text);
}

/** Pushes an image with its blobs; the digest of its manifest. */
export async function pushImage(stock: Stock, name: string, options: ImageOptions = {}): Promise<Digest> {
  const { tag, layers = ["layer"], subject } = options;
  for (const text of ["config", ...layers]) await pushBlob(stock, name, text);
  return putManifest(stock, name, {
    tag,
    manifest: {
      schemaVersion: 2,
      mediaType: imageType,
      config: descriptor("application/vnd.oci.image.config.v1+json", "config"),
      layers: layers.map((text) => descriptor(layerType, text)),
      ...(subject === undefined ? {} : { subject: { mediaType: imageType, digest: subject, size: 1 } }),
    },
  });
}

/** Pushes an index over manifests that are there; its digest. */
export async function pushIndex(
  stock: Stock,
  name: string,
  { tag, children }: { readonly tag?: string; readonly children: readonly Digest[] },
): Promise<Digest> {
  const manifests = [];
  for (const digest of children) {
    const { bytes, mediaType } = await stock.registry
      .repository(named(name), anonymous())
      .manifests.get({ kind: "digest", digest });
    manifests.push({ mediaType, digest, size: bytes.length });
  }
  return putManifest(stock, name, { tag, manifest: { schemaVersion: 2, mediaType: indexType, manifests } });
}

/** Pushes a manifest as it is. */
export async function putManifest(
  { registry }: Stock,
  name: string,
  { tag, manifest }: { readonly tag: string | undefined; readonly manifest: object },
): Promise<Digest> {
  const put = { bytes: utf8(JSON.stringify(manifest)), contentType: undefined, digest: undefined };
  const { digest } = await registry.repository(named(name), anonymous()).manifests.put({
    ...put,
    tags: tag === undefined ? [] : [tagged(tag)],
  });
  return digest;
}

/** Whether a whole image comes back: its manifest, its children, and every blob with the right bytes. */
export async function pullImage({ registry }: Stock, name: string, reference: Tag | Digest): Promise<boolean> {
  const asked = reference.includes(":")
    ? ({ kind: "digest", digest: reference as Digest } as const)
    : ({ kind: "tag", tag: reference as Tag } as const);
  const { bytes } = await registry.repository(named(name), anonymous()).manifests.get(asked);
  const { config, layers = [], manifests = [] } = JSON.parse(new TextDecoder().decode(bytes)) as PulledManifest;
  for (const { digest } of [...(config === undefined ? [] : [config]), ...layers]) {
    const blob = await registry.repository(named(name), anonymous()).blobs.open(digest);
    if (!("content" in blob) || hashBytes(await readContent(blob.content), "sha256") !== digest) return false;
  }
  for (const { digest } of manifests) if (!(await pullImage({ registry } as Stock, name, digest))) return false;
  return true;
}

interface PulledManifest {
  readonly config?: { readonly digest: Digest };
  readonly layers?: readonly { readonly digest: Digest }[];
  readonly manifests?: readonly { readonly digest: Digest }[];
}

function descriptor(mediaType: string, text: string) {
  return { mediaType, digest: digestOf(text), size: utf8(text).length };
}
