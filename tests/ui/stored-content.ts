// What is looked at on the page: images and what refers to them, pushed; and very many of them, written where a registry
// stores them.
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StartedRegistry } from "../e2e/executable.ts";

/** Pushes with these credentials, if there are some. */
export interface PushOptions {
  readonly authorization?: string;
}

const imageType = "application/vnd.oci.image.manifest.v1+json";
const indexType = "application/vnd.oci.image.index.v1+json";
const configType = "application/vnd.oci.image.config.v1+json";
const layerType = "application/vnd.oci.image.layer.v1.tar+gzip";

/** What names something that is stored. */
export interface StoredDescriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** The digest of a text. */
export function digestOfText(text: string): string {
  return `sha256:${Bun.CryptoHasher.hash("sha256", text, "hex")}`;
}

/** Pushes into one repository. */
export class Pusher {
  readonly #registry: StartedRegistry;
  readonly #name: string;
  readonly #headers: Record<string, string>;

  constructor(registry: StartedRegistry, name: string, { authorization }: PushOptions = {}) {
    this.#registry = registry;
    this.#name = name;
    this.#headers = authorization === undefined ? {} : { Authorization: authorization };
  }

  /** A blob of this text. */
  async blob(text: string, mediaType: string): Promise<StoredDescriptor> {
    const digest = digestOfText(text);
    await this.#push("POST", `blobs/uploads/?digest=${digest}`, { body: text, headers: this.#headers });
    return { mediaType, digest, size: Buffer.byteLength(text) };
  }

  /** A manifest, under a tag if one is given. */
  async manifest(fields: Readonly<Record<string, unknown>>, tag?: string): Promise<StoredDescriptor> {
    const { mediaType = imageType } = fields as { mediaType?: string };
    const text = JSON.stringify({ schemaVersion: 2, mediaType, ...fields });
    const digest = digestOfText(text);
    const headers = { ...this.#headers, "Content-Type": mediaType };
    await this.#push("PUT", `manifests/${tag ?? digest}`, { body: text, headers });
    return { mediaType, digest, size: Buffer.byteLength(text) };
  }

  /** An image of some layers. */
  async image(
    { config, layers, fields = {} }: { config: unknown; layers: readonly string[]; fields?: Record<string, unknown> },
    tag?: string,
  ): Promise<StoredDescriptor> {
    const stored = await this.blob(JSON.stringify(config), configType);
    const descriptors: StoredDescriptor[] = [];
    for (const text of layers) descriptors.push(await this.blob(text, layerType));
    return await this.manifest({ config: stored, layers: descriptors, ...fields }, tag);
  }

  async #push(method: string, rest: string, init: RequestInit): Promise<void> {
    const response = await this.#registry.fetch(`/v2/${this.#name}/${rest}`, { ...init, method });
    if (response.status !== 201) throw new Error(`${method} ${rest}: ${response.status} ${await response.text()}`);
  }
}

const history = [
  { created_by: "/bin/sh -c #(nop) ADD file:3f2a in / " },
  { created_by: "/bin/sh -c #(nop) ENV APP_VERSION=1.4.2", empty_layer: true },
  { created_by: "/bin/sh -c apt-get update && apt-get install -y --no-install-recommends ca-certificates" },
  { created_by: "COPY app /usr/local/bin/app # buildkit" },
];

function configOf(architecture: string): unknown {
  return {
    os: "linux",
    architecture,
    created: "2026-03-01T10:00:00Z",
    config: {
      Entrypoint: ["/usr/local/bin/app"],
      Cmd: ["serve", "--listen", "0.0.0.0:8080"],
      Env: ["PATH=/usr/local/bin:/usr/bin:/bin", "APP_VERSION=1.4.2"],
      ExposedPorts: { "8080/tcp": {} },
      User: "65532",
      WorkingDir: "/srv",
      Labels: { "org.opencontainers.image.source": "https://git.example/team/app", maintainer: "team@example" },
    },
    history,
  };
}

/** An index for two platforms, with an SBOM that refers to it; its descriptor. */
export async function pushRelease(pusher: Pusher, tag: string, { salt = tag } = {}): Promise<StoredDescriptor> {
  const manifests: unknown[] = [];
  for (const architecture of ["amd64", "arm64"]) {
    const layers = [60_000, 30_000, 2000].map((length, index) => `${salt}${architecture}${index}`.padEnd(length, "."));
    const image = await pusher.image({ config: configOf(architecture), layers });
    manifests.push({ ...image, platform: { os: "linux", architecture } });
  }
  const annotations = { "org.opencontainers.image.title": "app", "org.opencontainers.image.version": salt };
  const index = await pusher.manifest({ mediaType: indexType, manifests, annotations, salt }, tag);
  await pushSbom(pusher, index);
  return index;
}

/** An SBOM that refers to a manifest. */
export async function pushSbom(pusher: Pusher, subject: StoredDescriptor): Promise<StoredDescriptor> {
  const config = await pusher.blob("{}", "application/vnd.oci.empty.v1+json");
  const layer = await pusher.blob('{"spdxVersion":"SPDX-2.3"}', "application/spdx+json");
  const title = { "org.opencontainers.image.title": "sbom.spdx.json" };
  const layers = [{ ...layer, annotations: title }];
  return await pusher.manifest({ artifactType: "application/spdx+json", config, layers, subject });
}

/**
 * Writes repositories where a registry stores them, each with one tag of an image that some repository has: `apps` in each
 * of `teams`. The teams are symbolic links to one of them, as if their repositories lay on another disk.
 */
export function writeTeams(
  data: string,
  {
    teams,
    apps,
    image,
  }: { readonly teams: readonly string[]; readonly apps: readonly string[]; readonly image: StoredImage },
): void {
  const [first = "", ...others] = teams;
  for (const app of apps) writeTag(writeRevision(data, `${first}/${app}`, image), "v1", image.manifest);
  for (const team of others) symlinkSync(first, join(data, "docker/registry/v2/repositories", team));
}

/** Writes tags of a repository, all of one image. */
export function writeTags(
  data: string,
  name: string,
  { tags, image }: { tags: readonly string[]; image: StoredImage },
) {
  const repository = writeRevision(data, name, image);
  for (const tag of tags) writeTag(repository, tag, image.manifest);
}

/** Digests of a manifest and of what it names. */
export interface StoredImage {
  readonly manifest: string;
  readonly blobs: readonly string[];
}

function writeRevision(data: string, name: string, { manifest, blobs }: StoredImage): string {
  const repository = join(data, "docker/registry/v2/repositories", name);
  writeLink(join(repository, "_manifests/revisions", pathOf(manifest)), manifest);
  for (const blob of blobs) writeLink(join(repository, "_layers", pathOf(blob)), blob);
  return repository;
}

function writeTag(repository: string, tag: string, digest: string): void {
  writeLink(join(repository, "_manifests/tags", tag, "current"), digest);
}

function writeLink(directory: string, digest: string): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "link"), digest);
}

function pathOf(digest: string): string {
  return digest.replace(":", "/");
}
