// Where a client is tried: a registry just started, a home directory without settings, and no way to other machines.
import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { type StartedRegistry, startRegistry } from "../e2e/executable.ts";
import { must, type Outcome, run } from "../e2e/program.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { type Layout, makeLayout } from "./layout.ts";
import { startNodes } from "./nodes.ts";
import { collectDigests } from "./tree.ts";

/** How the registry is spoken to. */
export type Scheme = "plain HTTP" | "TLS";

/** How the registry is reached: alone, or as nodes on one bucket, which are spoken to over plain HTTP. */
export type Way = Scheme | "nodes";

/** Values that the client's environment has. */
export type Environment = Readonly<Record<string, string>>;

/** A registry, and a host beside it on which a client runs. */
export interface Site extends AsyncDisposable {
  readonly way: Way;
  readonly isTls: boolean;
  readonly registry: StartedRegistry;
  /** What the clients call themselves that nodes sent to the bucket for blobs, and that came. */
  readonly seenAtBucket: ReadonlySet<string>;
  /** Such as localhost:40123. */
  readonly host: string;
  /** The client's home, empty at first. */
  readonly home: string;
  /** The certificate of the registry's authority, alone in a directory, as ca.crt. */
  readonly certificates: string;
  /** A multi-platform image on the client's disk. */
  readonly layout: Layout;
  /** A path in the client's home. */
  at(...names: string[]): string;
  /** Runs a program that has to succeed, in the client's home; its standard output. */
  run(command: readonly string[], env?: Environment): Promise<string>;
  /** Runs a program that may fail. */
  attempt(command: readonly string[], env?: Environment): Promise<Outcome>;
  /** The digests of all that a reference leads to, as served over plain requests, each hashed. */
  served(name: string, reference: string): Promise<readonly string[]>;
  /** The digest of what is served under a reference; undefined where nothing is. */
  digest(name: string, reference: string): Promise<string | undefined>;
}

/** Any proxy would do: nothing listens at that port, so what would leave the machine fails. */
const nowhere = "http://127.0.0.1:9";
const home = (path: string) => ({
  HOME: path,
  XDG_CONFIG_HOME: undefined,
  XDG_CACHE_HOME: undefined,
  XDG_DATA_HOME: undefined,
  XDG_RUNTIME_DIR: undefined,
  SSL_CERT_FILE: undefined,
  SSL_CERT_DIR: undefined,
  HTTP_PROXY: nowhere,
  HTTPS_PROXY: nowhere,
  http_proxy: nowhere,
  https_proxy: nowhere,
  NO_PROXY: "localhost,127.0.0.1",
  no_proxy: "localhost,127.0.0.1",
});

/** Starts a registry or nodes, with more arguments where there are any, and makes the client's home. */
export async function openSite(way: Way, more: readonly string[] = []): Promise<Site> {
  await using opened = new AsyncDisposableStack();
  const directory = opened.use(temporaryDirectory());
  const at = (...names: string[]) => join(directory.path, ...names);
  const isTls = way === "TLS";
  const args = [...(isTls ? [] : ["--http"]), ...more];
  const nodes = way === "nodes" ? opened.use(await startNodes(args)) : undefined;
  const registry = nodes ?? opened.use(await startRegistry({ args }));
  mkdirSync(at("certificates"));
  if (existsSync(registry.ca)) copyFileSync(registry.ca, at("certificates/ca.crt"));
  const layout = await makeLayout(at("layout"));
  const options = (env: Environment = {}) => ({ cwd: directory.path, env: { ...home(directory.path), ...env } });
  const kept = opened.move();
  return {
    way,
    isTls,
    registry,
    seenAtBucket: nodes?.seenAtBucket ?? new Set(),
    host: `localhost:${registry.port}`,
    home: directory.path,
    certificates: at("certificates"),
    layout,
    at,
    run: (command, env) => must(command, options(env)),
    attempt: (command, env) => run(command, options(env)),
    served: (name, reference) => collectServed(registry, name, reference),
    digest: (name, reference) => findDigest(registry, name, reference),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function findDigest(registry: StartedRegistry, name: string, reference: string): Promise<string | undefined> {
  const response = await registry.fetch(`/v2/${name}/manifests/${reference}`, { method: "HEAD" });
  if (response.status === 404) return undefined;
  const digest = response.headers.get("docker-content-digest");
  if (response.status !== 200 || digest === null) throw new Error(`${name}:${reference}: ${response.status}`);
  return digest;
}

async function collectServed(registry: StartedRegistry, name: string, reference: string): Promise<readonly string[]> {
  const root = await findDigest(registry, name, reference);
  if (root === undefined) throw new Error(`the registry has no ${name}:${reference}`);
  const read = (kind: string) => async (digest: string) => {
    const response = await registry.fetch(`/v2/${name}/${kind}/${digest}`);
    if (response.status !== 200) throw new Error(`${kind} ${digest} of ${name}: ${response.status}`);
    return await response.bytes();
  };
  return await collectDigests(root, { manifest: read("manifests"), blob: read("blobs") });
}
