// An image on a directory that tests damage, and what clients see of it.
import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeBytes } from "../crash/made-image.ts";
import type { StartedRegistry } from "../e2e/executable.ts";
import { digestOf, postBlob, putManifest } from "../e2e/image.ts";

/** An image with its parts. */
export interface SeededImage {
  readonly name: string;
  readonly config: Uint8Array<ArrayBuffer>;
  readonly layer: Uint8Array<ArrayBuffer>;
  /** The digest of the layer. */
  readonly digest: string;
  /** The file of the layer, below the data directory. */
  readonly file: string;
}

const layerBytes = 50_000;

/** Pushes an image; or pushes it again, as a client does that asks first what is there. */
export async function push(registry: StartedRegistry, image: SeededImage): Promise<void> {
  for (const blob of [image.config, image.layer]) {
    const head = await registry.fetch(`/v2/${image.name}/blobs/${digestOf(blob)}`, { method: "HEAD" });
    if (head.status === 200) continue;
    const stored = await postBlob(registry, image.name, blob);
    if (stored.status !== 201) throw new Error(`not stored: ${stored.status}`);
  }
  const stored = await putManifest(registry, image.name, { tag: "1", config: image.config, layer: image.layer });
  if (stored.status !== 201) throw new Error(`not stored: ${stored.status} ${await stored.text()}`);
}

/** An image that is not pushed yet. */
export function makeSeeded(name: string): SeededImage {
  const layer = makeBytes(layerBytes);
  const digest = digestOf(layer);
  const hex = digest.slice("sha256:".length);
  const file = join("docker/registry/v2/blobs/sha256", hex.slice(0, 2), hex, "data");
  return { name, config: makeBytes(100), layer, digest, file };
}

/** Damage to the bytes of a file, by its title. */
export const damages: Readonly<Record<string, (path: string) => void>> = {
  truncated: (path) => truncateSync(path, layerBytes / 2),
  "without bytes": (path) => truncateSync(path, 0),
  extended: (path) => writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.from("more")])),
  "bit-flipped": (path) => {
    const bytes = readFileSync(path);
    bytes[layerBytes / 2] = (bytes[layerBytes / 2] ?? 0) ^ 1;
    writeFileSync(path, bytes);
  },
};

/** Those that the size tells. */
export const resized: readonly string[] = Object.keys(damages).filter((title) => title !== "bit-flipped");
