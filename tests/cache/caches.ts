// The executable as a cache of an upstream of the tests, and what can be seen of it from outside.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type StartedRegistry, startRegistry } from "../e2e/executable.ts";
import { digestOf, type MisbehavingUpstream } from "../proxy/misbehaving-upstream.ts";

/** How the cache is started. */
export interface CacheOptions {
  readonly data?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly level?: "warn" | "debug";
}

/** Starts `registry serve` as a cache of what has this address. */
export function startCache(
  { url }: Pick<MisbehavingUpstream, "url">,
  { data, env, level = "warn" }: CacheOptions = {},
): Promise<StartedRegistry> {
  const options = { args: ["--http", "--log-level", level], env: { REGISTRY_PROXY_REMOTEURL: url.origin, ...env } };
  return startRegistry(data === undefined ? options : { ...options, data });
}

/** Pulls a blob in constant memory; its digest. */
export async function pull(cache: StartedRegistry, digest: string, name = "team/app"): Promise<string> {
  const response = await cache.fetch(`/v2/${name}/blobs/${digest}`);
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
  const hash = new Bun.CryptoHasher("sha256");
  for await (const chunk of response.body ?? []) hash.update(chunk);
  return `sha256:${hash.digest("hex")}`;
}

/** An image manifest that names these blobs; its digest. */
export function addImage(
  upstream: Pick<MisbehavingUpstream, "addManifest" | "addBlob">,
  {
    name = "team/app",
    tag = "latest",
    layers = [] as readonly Uint8Array[],
    subject = undefined as string | undefined,
  },
): string {
  const config = new TextEncoder().encode(JSON.stringify({ architecture: "amd64", os: "linux", name, tag }));
  const [first, ...rest] = [config, ...layers].map((bytes) => ({
    digest: upstream.addBlob(bytes),
    size: bytes.length,
  }));
  const manifest = {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: { mediaType: "application/vnd.oci.image.config.v1+json", ...first },
    layers: rest.map((layer) => ({ mediaType: "application/vnd.oci.image.layer.v1.tar", ...layer })),
    ...(subject === undefined
      ? {}
      : { subject: { mediaType: "application/vnd.oci.image.manifest.v1+json", digest: subject, size: 2 } }),
  };
  return upstream.addManifest(name, tag, JSON.stringify(manifest));
}

/** Pulls a manifest and the blobs that it names, and hashes all of them; the digests of the blobs. */
export async function pullImage(cache: StartedRegistry, name = "team/app", reference = "latest") {
  const response = await cache.fetch(`/v2/${name}/manifests/${reference}`);
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${response.status} ${text}`);
  const said = response.headers.get("docker-content-digest");
  if (digestOf(text) !== said) throw new Error(`a manifest of another digest than ${said}`);
  const { config, layers } = JSON.parse(text) as { config: { digest: string }; layers: { digest: string }[] };
  const digests = [config, ...layers].map(({ digest }) => digest);
  for (const digest of digests) {
    if ((await pull(cache, digest, name)) !== digest) throw new Error(`wrong bytes as ${digest}`);
  }
  return digests;
}

/** Whether the bytes of a blob lie in the data directory under their digest. */
export function isStored({ data }: Pick<StartedRegistry, "data">, digest: string): boolean {
  return existsSync(join(data, "docker/registry/v2/blobs/sha256", digest.slice(7, 9), digest.slice(7), "data"));
}

/** Whether the cached repository links the blob, which comes after its bytes are there. */
export function isLinked({ data }: Pick<StartedRegistry, "data">, name: string, digest: string): boolean {
  return existsSync(
    join(data, "docker/registry/v2/repositories", name, "_layers/sha256", digest.slice("sha256:".length), "link"),
  );
}

/** How many blobs lie in the trash. */
export function trashedBlobs({ data }: Pick<StartedRegistry, "data">): number {
  const trash = join(data, "trash/blobs/sha256");
  if (!existsSync(trash)) return 0;
  return readdirSync(trash).reduce((count, shard) => count + readdirSync(join(trash, shard)).length, 0);
}

/** What is answered in a refusal: status, first code and its sentence. */
export async function refused(
  response: Response,
): Promise<{ readonly status: number; readonly code: unknown; readonly message: string }> {
  const { errors } = (await response.json()) as { errors?: { code?: unknown; message?: unknown }[] };
  return { status: response.status, code: errors?.[0]?.code, message: String(errors?.[0]?.message) };
}

/** The log lines of a registry with this message. */
export function logged({ stderr }: Pick<StartedRegistry, "stderr">, message: string): readonly string[] {
  return stderr()
    .split("\n")
    .filter((line) => line.includes(`msg="${message}"`) || line.includes(`msg=${message} `));
}

/** A port that nothing listens on. */
export function freePort(): number {
  using probe = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => undefined } });
  return probe.port;
}

/** The environment that has metrics served, and a reader of them. */
export function metricsAt(port = freePort()) {
  const addr = `127.0.0.1:${port}`;
  return {
    env: { REGISTRY_HTTP_DEBUG_ADDR: addr, REGISTRY_HTTP_DEBUG_PROMETHEUS_ENABLED: "true" },
    read: async () => (await fetch(`http://${addr}/metrics`)).text(),
  };
}
