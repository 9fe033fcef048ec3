// Nodes on one bucket in the place of a single registry. It is noted which clients come to the bucket for blobs.
import type { StartedRegistry } from "../e2e/executable.ts";
import { requireGoProgram } from "../e2e/program.ts";
import { requireHaproxy, startCluster } from "../nodes/cluster.ts";
import { startFaultProxy } from "../nodes/fault-proxy.ts";
import { startVersityGateway } from "../storage/s3/engines.ts";

/** Nodes that are asked as if they were one registry; what is told of a process is told of the first one. */
interface Nodes extends StartedRegistry {
  /** What those call themselves who came to the bucket by redirect. */
  readonly seenAtBucket: ReadonlySet<string>;
}

/** Whether nodes can be started. */
export function areNodesThere(): boolean {
  return [requireGoProgram("versitygw"), requireHaproxy()].every(Boolean);
}

/** Starts them, and a proxy that gives each request to the next one. */
export async function startNodes(args: readonly string[]): Promise<Nodes> {
  await using opened = new AsyncDisposableStack();
  const engine = await startVersityGateway();
  const door = opened.use(startFaultProxy(engine));
  // crane follows no redirect to a private address that is written in digits.
  const env = { REGISTRY_STORAGE_S3_REDIRECTENDPOINT: `http://localhost:${door.endpoint.port}` };
  const cluster = opened.use(await startCluster({ nodes: 3, engine: async () => engine, args, env }));
  const [node] = cluster.nodes;
  if (node === undefined) throw new Error("no node was started");
  const url = `http://${cluster.host}`;
  const kept = opened.move();
  return {
    ...node,
    url,
    port: Number(new URL(url).port),
    fetch: cluster.fetch,
    seenAtBucket: door.userAgents,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
