// Debian's docker-registry (registry:2) as an upstream, and as the cache whose place this one takes.
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StartedRegistry } from "../e2e/executable.ts";
import { digestOf, openUpload, putManifest, withDigest } from "../e2e/image.ts";
import { environment, must, readyMs, waitUntil } from "../e2e/program.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

/** How it is set up. */
export interface DebianRegistryOptions {
  /** A directory that outlives it. */
  readonly data?: string;
  /** A user with a password: without them nothing is served. */
  readonly user?: { readonly name: string; readonly password: string };
  /** The registry that it caches. */
  readonly remoteUrl?: string;
  /** Sections of the configuration beside these. */
  readonly sections?: Readonly<Record<string, unknown>>;
}

/** One that listens. */
export interface DebianRegistry extends AsyncDisposable {
  readonly url: string;
  readonly data: string;
  /** With the user's credentials. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  stop(): Promise<void>;
}

/** Starts it on a free port of the loopback interface. */
export async function startDebianRegistry(options: DebianRegistryOptions = {}): Promise<DebianRegistry> {
  const home = temporaryDirectory();
  const data = options.data ?? join(home.path, "data");
  const port = freePort();
  const file = join(home.path, "config.yml");
  writeFileSync(file, JSON.stringify(await configure(options, { data, home: home.path, port })));
  const log = Bun.file(join(home.path, "log"));
  const child = Bun.spawn(["docker-registry", "serve", file], { env: environment(), stdout: "ignore", stderr: log });
  const url = `http://127.0.0.1:${port}`;
  const credentials = options.user === undefined ? undefined : btoa(`${options.user.name}:${options.user.password}`);
  const request = (path: string, init: RequestInit = {}) => {
    const headers = new Headers(init.headers);
    if (credentials !== undefined) headers.set("Authorization", `Basic ${credentials}`);
    headers.set(
      "Accept",
      "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json",
    );
    return fetch(new URL(path, url), { ...init, headers });
  };
  const stop = async () => {
    child.kill("SIGTERM");
    await child.exited;
  };
  await waitUntil(
    "docker-registry answers",
    () => {
      if (child.exitCode !== null) throw new Error(`docker-registry ended with ${child.exitCode}`);
      return request("/v2/").then(
        ({ status }) => status === 200 || status === 401,
        () => false,
      );
    },
    { deadlineMs: readyMs },
  ).catch(async (error: unknown) => {
    await stop();
    throw new Error(`${String(error)}\n${(await log.text()).slice(-3000)}`);
  });
  return {
    url,
    data,
    fetch: request,
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop();
      home[Symbol.dispose]();
    },
  };
}

async function configure(
  { user, remoteUrl, sections }: DebianRegistryOptions,
  { data, home, port }: { readonly data: string; readonly home: string; readonly port: number },
) {
  const htpasswd = join(home, "htpasswd");
  if (user !== undefined) writeFileSync(htpasswd, await must(["htpasswd", "-nbB", user.name, user.password]));
  return {
    version: 0.1,
    log: { level: "error", accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: data }, delete: { enabled: true } },
    http: { addr: `127.0.0.1:${port}` },
    ...(user === undefined ? {} : { auth: { htpasswd: { realm: "upstream", path: htpasswd } } }),
    ...(remoteUrl === undefined ? {} : { proxy: { remoteurl: remoteUrl } }),
    ...sections,
  };
}

/** It cannot be asked which free port it took. */
export function freePort(): number {
  using probe = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => undefined } });
  return probe.port;
}

/** Pushes an image with a random layer in two steps for each blob, as registry:2 wants it; the digest of its layer. */
export async function pushImageTo(
  { fetch: request }: Pick<DebianRegistry, "fetch">,
  name: string,
  { layerBytes = 100_000, tag = "latest" }: { readonly layerBytes?: number; readonly tag?: string } = {},
): Promise<string> {
  const registry = { fetch: request } as StartedRegistry;
  const config = new TextEncoder().encode(
    JSON.stringify({ architecture: "amd64", os: "linux", id: crypto.randomUUID() }),
  );
  const layer = new Uint8Array(randomBytes(layerBytes));
  for (const blob of [config, layer]) {
    const location = withDigest(await openUpload(registry, name), digestOf(blob));
    const headers = { "Content-Type": "application/octet-stream" };
    const { status } = await request(location, { method: "PUT", body: blob, headers });
    if (status !== 201) throw new Error(`a blob was not stored: ${status}`);
  }
  const { status } = await putManifest(registry, name, { tag, config, layer });
  if (status !== 201) throw new Error(`the manifest was not stored: ${status}`);
  return digestOf(layer);
}
