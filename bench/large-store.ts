// A directory such as a large registry has, written file by file without a server: repositories of tagged manifests, each
// of a configuration and layers of its own, some manifests without a tag, and blobs that nobody links any more.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** How large it is to be. */
export interface LargeStoreOptions {
  readonly root: string;
  readonly manifests: number;
  /** Of each manifest, the configuration among them. */
  readonly blobsPerManifest: number;
  readonly manifestsPerRepository: number;
  /** Every so manyth manifest has no tag. */
  readonly untaggedEvery: number;
  /** Blobs without a link. */
  readonly lonelyBlobs: number;
}

/** What was written. */
export interface LargeStore {
  readonly repositories: number;
  readonly manifests: number;
  readonly blobs: number;
}

const imageType = "application/vnd.oci.image.manifest.v1+json";
const configType = "application/vnd.oci.image.config.v1+json";
const layerType = "application/vnd.oci.image.layer.v1.tar+gzip";

/** Writes it; `progress` hears of each thousand manifests. */
export function writeLargeStore(options: LargeStoreOptions, progress: (manifests: number) => void): LargeStore {
  const v2 = join(options.root, "docker/registry/v2");
  let blobs = 0;
  const write = (path: string, text: string) => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  };
  const writeBlob = (text: string) => {
    blobs += 1;
    const hex = Bun.CryptoHasher.hash("sha256", text, "hex");
    write(join(v2, "blobs/sha256", hex.slice(0, 2), hex, "data"), text);
    return { digest: `sha256:${hex}`, hex, size: text.length };
  };
  for (let manifest = 0; manifest < options.manifests; manifest += 1) {
    const repository = join(v2, "repositories/large", `app${Math.floor(manifest / options.manifestsPerRepository)}`);
    const link = (place: string, { digest, hex }: { readonly digest: string; readonly hex: string }) =>
      write(join(repository, place, "sha256", hex, "link"), digest);
    const descriptors = Array.from({ length: options.blobsPerManifest }, (_, index) => {
      const blob = writeBlob(`blob ${index} of manifest ${manifest}`);
      link("_layers", blob);
      return { mediaType: index === 0 ? configType : layerType, digest: blob.digest, size: blob.size };
    });
    const [config, ...layers] = descriptors;
    const stored = writeBlob(JSON.stringify({ schemaVersion: 2, mediaType: imageType, config, layers }));
    link("_manifests/revisions", stored);
    if (manifest % options.untaggedEvery !== 0) {
      link(`_manifests/tags/v${manifest}/index`, stored);
      write(join(repository, `_manifests/tags/v${manifest}/current/link`), stored.digest);
    }
    if ((manifest + 1) % 1000 === 0) progress(manifest + 1);
  }
  for (let index = 0; index < options.lonelyBlobs; index += 1) writeBlob(`lonely blob ${index}`);
  return {
    repositories: Math.ceil(options.manifests / options.manifestsPerRepository),
    manifests: options.manifests,
    blobs,
  };
}
