// Several nodes on one bucket, and HAProxy in front of them, which gives each request to another node.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../cache/caches.ts";
import { type StartedRegistry, startRegistry } from "../e2e/executable.ts";
import { environment, readyMs, requireProgram, waitUntil } from "../e2e/program.ts";
import { testCredentials } from "../storage/s3/bucket.ts";
import { bucketName } from "../storage/s3/engine-request.ts";
import { type RealEngine, startVersityGateway } from "../storage/s3/engines.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

/** What differs from the usual. */
export interface ClusterOptions {
  readonly nodes: number;
  readonly engine?: () => Promise<RealEngine>;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Nodes, and the host that stands before them. */
export interface Cluster extends AsyncDisposable {
  readonly engine: RealEngine;
  readonly nodes: readonly StartedRegistry[];
  /** HAProxy: host and port. */
  readonly host: string;
  /** Asks whichever node is next. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
}

/** Whether HAProxy is there. */
export function requireHaproxy(): boolean {
  return requireProgram("haproxy", "haproxy");
}

/** The variables with which a registry uses the engine's bucket. */
export async function bucketVariables({ endpoint }: Pick<RealEngine, "endpoint">): Promise<Record<string, string>> {
  const { accessKeyId, secretAccessKey } = await testCredentials.get();
  return {
    REGISTRY_STORAGE: "s3",
    REGISTRY_STORAGE_S3_BUCKET: bucketName,
    REGISTRY_STORAGE_S3_REGIONENDPOINT: endpoint.origin,
    REGISTRY_STORAGE_S3_REGION: "us-east-1",
    REGISTRY_STORAGE_S3_ACCESSKEY: accessKeyId,
    REGISTRY_STORAGE_S3_SECRETKEY: secretAccessKey,
  };
}

/** The section with which distribution uses the engine's bucket. */
export async function bucketSection({ endpoint }: Pick<RealEngine, "endpoint">): Promise<object> {
  const { accessKeyId, secretAccessKey } = await testCredentials.get();
  return {
    ...{ bucket: bucketName, region: "us-east-1", regionendpoint: endpoint.origin, forcepathstyle: true },
    ...{ accesskey: accessKeyId, secretkey: secretAccessKey, secure: false, rootdirectory: "/registry" },
  };
}

/** Starts one node on the bucket; what it keeps on its disk goes with it. */
export async function startNode(
  engine: Pick<RealEngine, "endpoint">,
  { args = ["--http"], env = {} }: Omit<ClusterOptions, "nodes" | "engine"> = {},
): Promise<StartedRegistry> {
  const home = temporaryDirectory();
  const variables = { ...(await bucketVariables(engine)), REGISTRY_STORAGE_S3_SCRATCH: join(home.path, "scratch") };
  const node = await startRegistry({ isPlaced: true, data: home.path, args, env: { ...variables, ...env } }).catch(
    (error: unknown) => {
      home[Symbol.dispose]();
      throw error;
    },
  );
  const ca = join(home.path, "scratch/tls/ca.crt");
  return {
    ...node,
    ca,
    fetch: (path, init = {}) =>
      fetch(`${node.url.replace(/\/$/, "")}${path}`, {
        ...init,
        ...(existsSync(ca) ? { tls: { ca: readFileSync(ca, "utf8") } } : {}),
      }),
    [Symbol.asyncDispose]: async () => {
      await node[Symbol.asyncDispose]();
      home[Symbol.dispose]();
    },
  };
}

/** Starts everything. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  await using opened = new AsyncDisposableStack();
  const engine = opened.use(await (options.engine ?? startVersityGateway)());
  const nodes: StartedRegistry[] = [];
  for (let count = 0; count < options.nodes; count += 1) nodes.push(opened.use(await startNode(engine, options)));
  const host = opened.use(await startHaproxy(nodes.map(({ port }) => port))).host;
  const kept = opened.move();
  return {
    engine,
    nodes,
    host,
    fetch: (path, init) => fetch(`http://${host}${path}`, init),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function startHaproxy(ports: readonly number[]): Promise<AsyncDisposable & { readonly host: string }> {
  const home = temporaryDirectory();
  const port = freePort();
  const file = join(home.path, "haproxy.cfg");
  const servers = ports.map((node, index) => `  server node${index} 127.0.0.1:${node}`).join("\n");
  writeFileSync(
    file,
    `global
  maxconn 4000
defaults
  mode http
  timeout connect 5s
  timeout client 120s
  timeout server 120s
listen registry
  bind 127.0.0.1:${port}
  balance roundrobin
${servers}
`,
  );
  const child = Bun.spawn(["haproxy", "-db", "-f", file], {
    env: environment(),
    stdin: "ignore",
    stdout: "ignore",
    stderr: Bun.file(join(home.path, "log")),
  });
  const dispose = async () => {
    child.kill("SIGKILL");
    await child.exited;
    home[Symbol.dispose]();
  };
  const isUp = () =>
    fetch(`http://127.0.0.1:${port}/v2/`).then(
      ({ status }) => status === 200,
      () => false,
    );
  await waitUntil("HAProxy answers", isUp, { deadlineMs: readyMs }).catch(async (error: unknown) => {
    await dispose();
    throw error;
  });
  return { host: `localhost:${port}`, [Symbol.asyncDispose]: dispose };
}
