// A cold image that everybody wants at the same moment, through different nodes: the other registry sends each blob once, also
// if the node that fetches is frozen or killed in the middle and another one goes on.
import { describe, expect, test } from "bun:test";
import { setTimeout as pause } from "node:timers/promises";
import { listObjects } from "../../src/storage/s3/listing.ts";
import { makeBytes, makeImage } from "../crash/made-image.ts";
import type { StartedRegistry } from "../e2e/executable.ts";
import { digestOf } from "../e2e/image.ts";
import { requireGoProgram, waitUntil } from "../e2e/program.ts";
import { type MisbehavingUpstream, startUpstream } from "../proxy/misbehaving-upstream.ts";
import type { RealEngine } from "../storage/s3/engines.ts";
import { type Cluster, requireHaproxy, startCluster } from "./cluster.ts";

const isThere = requireGoProgram("versitygw") && requireHaproxy();
const name = "team/app";

/** Sends blobs in pieces, with a pause between them. */
function sendSlowly(upstream: MisbehavingUpstream, bytes: Uint8Array, pauseMs: number): void {
  const path = `/blobs/${digestOf(bytes)}`;
  const pieceBytes = 500_000;
  upstream.behave(async ({ method, url = "" }, response) => {
    if (method !== "GET" || !url.endsWith(path)) return false;
    response.writeHead(200, { "Content-Length": bytes.length });
    for (let start = 0; start < bytes.length && !response.destroyed; start += pieceBytes) {
      response.write(bytes.slice(start, start + pieceBytes));
      await pause(pauseMs);
    }
    response.end();
    return true;
  });
}

async function openColdImage(pauseMs: number) {
  await using opened = new AsyncDisposableStack();
  const upstream = opened.use(await startUpstream());
  const image = { ...makeImage(), layer: makeBytes(10_000_000) };
  for (const bytes of [image.config, image.layer]) upstream.addBlob(bytes);
  upstream.addManifest(name, "1", new TextDecoder().decode(image.manifest.bytes));
  sendSlowly(upstream, image.layer, pauseMs);
  const env = { REGISTRY_PROXY_REMOTEURL: upstream.url.origin };
  const cluster = opened.use(await startCluster({ nodes: 3, env }));
  const kept = opened.move();
  const fetches = (bytes: Uint8Array) =>
    upstream.asked().filter((line) => line === `GET /v2/${name}/blobs/${digestOf(bytes)}`).length;
  return { ...{ upstream, image, cluster, fetches }, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

type ColdImage = Awaited<ReturnType<typeof openColdImage>>;

/** The digests of what a client gets. */
async function pull({ image }: ColdImage, from: Pick<Cluster, "fetch">): Promise<readonly string[]> {
  const manifest = await from.fetch(`/v2/${name}/manifests/1`);
  const blobs = [image.config, image.layer].map(async (bytes) => {
    const answer = await from.fetch(`/v2/${name}/blobs/${digestOf(bytes)}`);
    return digestOf(await answer.bytes());
  });
  return [digestOf(await manifest.bytes()), ...(await Promise.all(blobs))];
}

const wholeOf = ({ image }: ColdImage) => [image.manifest.digest, digestOf(image.config), digestOf(image.layer)];

/** The node that has the claim on a blob. */
async function findHolder({ engine, nodes }: Cluster, bytes: Uint8Array): Promise<StartedRegistry | undefined> {
  const hex = digestOf(bytes).split(":")[1] ?? "";
  for await (const { key } of listObjects(engine.client, { prefix: `proxy/sha256-${hex}` })) {
    const text = new TextDecoder().decode((await engine.objects.read(key, 10_000))?.bytes);
    return nodes.find(({ pid }) => text.includes(`process ${pid} `));
  }
  return undefined;
}

async function claimsIn({ client }: RealEngine): Promise<readonly string[]> {
  return (await Array.fromAsync(listObjects(client, { prefix: "proxy/" }))).map(({ key }) => key);
}

describe.skipIf(!isThere)("a cold image that many clients pull through three nodes", () => {
  test.each([
    ["soon", 100],
    ["after longer than a claim is good for without a sign of life", 500],
  ])(
    "is fetched once, if it is there %s",
    async (_when, pauseMs) => {
      await using cold = await openColdImage(pauseMs);
      const pulled = await Promise.all(Array.from({ length: 30 }, () => pull(cold, cold.cluster)));
      expect(new Set(pulled.map((each) => each.join()))).toEqual(new Set([wholeOf(cold).join()]));
      expect([cold.fetches(cold.image.config), cold.fetches(cold.image.layer)]).toEqual([1, 1]);
      await waitUntil("no claim is left", async () => (await claimsIn(cold.cluster.engine)).length === 0);
    },
    120_000,
  );

  test.each([
    ["killed", "SIGKILL", 2],
    ["frozen for longer than its claim is good for", "SIGSTOP", 3],
  ] as const)(
    "is fetched once more if the node that fetches it is %s",
    async (_what, signal, survivors) => {
      await using cold = await openColdImage(150);
      const { cluster, image } = cold;
      const pulls = cluster.nodes.map((node) => ({
        node,
        pulled: Promise.all(Array.from({ length: 10 }, () => pull(cold, node))).catch(() => undefined),
      }));
      const holder = await waitUntil("a node fetches the layer", async () =>
        cold.fetches(image.layer) > 0 ? await findHolder(cluster, image.layer) : undefined,
      );
      process.kill(holder.pid, signal);
      const others = await Promise.all(pulls.filter(({ node }) => node !== holder).map(({ pulled }) => pulled));
      if (signal === "SIGSTOP") process.kill(holder.pid, "SIGCONT");
      const all = (signal === "SIGSTOP" ? await Promise.all(pulls.map(({ pulled }) => pulled)) : others).flatMap(
        (each) => each ?? [],
      );
      expect([all.length, new Set(all.map((each) => each.join()))]).toEqual([
        survivors * 10,
        new Set([wholeOf(cold).join()]),
      ]);
      expect(cold.fetches(image.layer)).toBe(2);
    },
    180_000,
  );
});
