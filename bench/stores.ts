// Stores such as large registries have, written file by file in distribution's layout, without a server.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** How large a whole store is to be. */
export interface StoreOptions {
  readonly manifests: number;
  /** Of each manifest, the configuration among them. */
  readonly blobsPerManifest: number;
  readonly manifestsPerRepository: number;
  /** Every so manyth manifest has no tag. */
  readonly untaggedEvery: number;
  /** Blobs without a link. */
  readonly lonelyBlobs: number;
}

interface Blob {
  readonly digest: string;
  readonly hex: string;
  readonly size: number;
}

const imageType = "application/vnd.oci.image.manifest.v1+json";
const configType = "application/vnd.oci.image.config.v1+json";
const layerType = "application/vnd.oci.image.layer.v1.tar+gzip";

/** About so many blobs, a twentieth of them garbage: ten for each manifest with itself, a hundred manifests a repository. */
export function storeOf(blobs: number): StoreOptions {
  const lonelyBlobs = Math.floor(blobs / 20);
  const manifests = Math.max(1, Math.floor((blobs - lonelyBlobs) / 10));
  return { manifests, blobsPerManifest: 9, manifestsPerRepository: 100, untaggedEvery: 10, lonelyBlobs };
}

/** Writes repositories of tagged images whose blobs are all their own; the repositories are large/app0, large/app1, … */
export function writeStore(root: string, options: StoreOptions): void {
  const writer = new StoreWriter(root);
  for (let number = 0; number < options.manifests; number += 1) {
    const repository = `large/app${Math.floor(number / options.manifestsPerRepository)}`;
    const texts = Array.from({ length: options.blobsPerManifest }, (_, index) => `blob ${index} of manifest ${number}`);
    const manifest = writer.image(repository, texts);
    if (number % options.untaggedEvery !== 0) writer.tag(repository, `v${number}`, manifest);
  }
  for (let number = 0; number < options.lonelyBlobs; number += 1) writer.blob(`lonely blob ${number}`);
}

/** Writes one repository with so many tags, which share manifests, a hundred tags each. */
export function writeTags(root: string, { repository, tags }: { readonly repository: string; readonly tags: number }) {
  const writer = new StoreWriter(root);
  let manifest = writer.image(repository, ["configuration 0"]);
  for (let number = 0; number < tags; number += 1) {
    if (number % 100 === 0) manifest = writer.image(repository, [`configuration ${number}`]);
    writer.tag(repository, `v${number}`, manifest);
  }
}

/** Writes so many repositories, each with one tag; they are called many/app0, many/app1, … */
export function writeRepositories(root: string, count: number): void {
  const writer = new StoreWriter(root);
  for (let number = 0; number < count; number += 1) {
    const repository = `many/app${number}`;
    writer.tag(repository, "latest", writer.image(repository, ["the same configuration"]));
  }
}

class StoreWriter {
  readonly #v2: string;
  readonly #written = new Set<string>();

  constructor(root: string) {
    this.#v2 = join(root, "docker/registry/v2");
  }

  blob(text: string): Blob {
    const hex = Bun.CryptoHasher.hash("sha256", text, "hex");
    if (!this.#written.has(hex)) this.#write(join("blobs/sha256", hex.slice(0, 2), hex, "data"), text);
    this.#written.add(hex);
    return { digest: `sha256:${hex}`, hex, size: text.length };
  }

  image(repository: string, blobs: readonly string[]): Blob {
    const [config, ...layers] = blobs.map((text, index) => {
      const blob = this.blob(text);
      this.#link(repository, "_layers", blob);
      return { mediaType: index === 0 ? configType : layerType, digest: blob.digest, size: blob.size };
    });
    const manifest = this.blob(JSON.stringify({ schemaVersion: 2, mediaType: imageType, config, layers }));
    this.#link(repository, "_manifests/revisions", manifest);
    return manifest;
  }

  tag(repository: string, name: string, manifest: Blob): void {
    this.#link(repository, `_manifests/tags/${name}/index`, manifest);
    this.#write(join("repositories", repository, "_manifests/tags", name, "current/link"), manifest.digest);
  }

  #link(repository: string, place: string, { digest, hex }: Blob): void {
    this.#write(join("repositories", repository, place, "sha256", hex, "link"), digest);
  }

  #write(key: string, text: string): void {
    const path = join(this.#v2, key);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}

/** Gives each directory a copy of a store; files are shared, which no registry writes in place. */
export function copyStore(from: string, directories: readonly string[]): void {
  for (const directory of directories) {
    mkdirSync(dirname(directory), { recursive: true });
    const copied = Bun.spawnSync(["cp", "--archive", "--link", from, directory], { stderr: "inherit" });
    if (!copied.success) throw new Error(`a store could not be copied to ${directory}`);
  }
}
