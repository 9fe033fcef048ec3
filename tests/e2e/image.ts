// Images made of random bytes, pushed and pulled in the plainest way.
import { randomBytes } from "node:crypto";
import type { StartedRegistry } from "./executable.ts";

const imageType = "application/vnd.oci.image.manifest.v1+json";

/** The digest that bytes are stored under. */
export function digestOf(bytes: Uint8Array, algorithm: "sha256" | "sha512" = "sha256"): string {
  return `${algorithm}:${new Bun.CryptoHasher(algorithm).update(bytes).digest("hex")}`;
}

/** A new upload session; its path, to which a digest can be added with `withDigest`. */
export async function openUpload(registry: StartedRegistry, name: string): Promise<string> {
  const response = await registry.fetch(`/v2/${name}/blobs/uploads/`, { method: "POST" });
  if (response.status !== 202) throw new Error(`upload not started: ${response.status} ${await response.text()}`);
  return response.headers.get("location") ?? "";
}

/** The identifier of an upload session, as its path ends in it. */
export function sessionOf(location: string): string {
  return new URL(location, "http://localhost").pathname.split("/").at(-1) ?? "";
}

/** The path that ends an upload. */
export function withDigest(location: string, digest: string): string {
  return `${location}${location.includes("?") ? "&" : "?"}digest=${encodeURIComponent(digest)}`;
}

/** Pushes a blob in one request; the response, whatever it says. */
export function postBlob(registry: StartedRegistry, name: string, bytes: Uint8Array<ArrayBuffer>): Promise<Response> {
  const path = withDigest(`/v2/${name}/blobs/uploads/`, digestOf(bytes));
  return registry.fetch(path, { method: "POST", body: bytes });
}

/** Pushes a manifest of one layer and one configuration that are there; the response, whatever it says. */
export function putManifest(
  registry: StartedRegistry,
  name: string,
  { tag, config, layer }: { readonly tag: string; readonly config: Uint8Array; readonly layer: Uint8Array },
): Promise<Response> {
  const manifest = {
    schemaVersion: 2,
    mediaType: imageType,
    config: descriptor("application/vnd.oci.image.config.v1+json", config),
    layers: [descriptor("application/vnd.oci.image.layer.v1.tar+gzip", layer)],
  };
  return registry.fetch(`/v2/${name}/manifests/${tag}`, {
    method: "PUT",
    headers: { "Content-Type": imageType },
    body: JSON.stringify(manifest),
  });
}

/** Pushes an image with a random layer; throws unless all of it is stored. */
export async function pushImage(
  registry: StartedRegistry,
  name: string,
  { tag = "latest", layerBytes = 100_000 }: { readonly tag?: string; readonly layerBytes?: number } = {},
): Promise<void> {
  const config = new TextEncoder().encode(
    JSON.stringify({ architecture: "amd64", os: "linux", id: Bun.randomUUIDv7() }),
  );
  const layer = new Uint8Array(randomBytes(layerBytes));
  for (const blob of [config, layer]) await mustCreate(await postBlob(registry, name, blob));
  await mustCreate(await putManifest(registry, name, { tag, config, layer }));
}

/** Pulls an image; throws unless every byte hashes to its digest. */
export async function pullImage(registry: StartedRegistry, name: string, tag = "latest"): Promise<void> {
  const response = await registry.fetch(`/v2/${name}/manifests/${tag}`);
  if (response.status !== 200) throw new Error(`manifest of ${name}:${tag}: ${response.status}`);
  const manifest = (await response.json()) as { config: { digest: string }; layers: { digest: string }[] };
  for (const { digest } of [manifest.config, ...manifest.layers]) {
    const blob = await registry.fetch(`/v2/${name}/blobs/${digest}`);
    const pulled = digestOf(await blob.bytes());
    if (blob.status !== 200 || pulled !== digest) throw new Error(`blob ${digest}: ${blob.status}, ${pulled}`);
  }
}

/** The first code of an OCI error body, with the status. */
export async function refusalOf(response: Response): Promise<{ readonly status: number; readonly code: unknown }> {
  const body = (await response.json()) as { errors?: { code?: unknown }[] };
  return { status: response.status, code: body.errors?.[0]?.code };
}

async function mustCreate(response: Response): Promise<void> {
  if (response.status !== 201) throw new Error(`not stored: ${response.status} ${await response.text()}`);
}

function descriptor(mediaType: string, bytes: Uint8Array) {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}
