// npm run bench:nodes: nodes on a bucket beside distribution 3.1 on the same object store (versitygw), in the same run and in
// turns; and what 1, 2 and 4 nodes do. Everything, the object store and the clients too, runs on this machine.
//
//   bun bench/nodes.ts [--rounds 30] [--seconds 8] [--json FILE] [--report docs/scale.md]
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { makeBytes } from "../tests/crash/made-image.ts";
import type { StartedRegistry } from "../tests/e2e/executable.ts";
import { digestOf, withDigest } from "../tests/e2e/image.ts";
import { startForeign } from "../tests/interchange/foreign-registry.ts";
import { bucketSection, startNode } from "../tests/nodes/cluster.ts";
import { type RealEngine, startVersityGateway } from "../tests/storage/s3/engines.ts";
import { temporaryDirectory } from "../tests/temporary-directory.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "30" },
    seconds: { type: "string", default: "8" },
    json: { type: "string" },
    report: { type: "string" },
  },
});
const rounds = Number(values.rounds);
const runMs = Number(values.seconds) * 1000;

interface Server {
  readonly name: string;
  fetch(path: string, init?: RequestInit): Promise<Response>;
}

interface BenchImage {
  readonly blobs: readonly Uint8Array<ArrayBuffer>[];
  readonly manifest: Uint8Array<ArrayBuffer>;
}

const manifestType = "application/vnd.oci.image.manifest.v1+json";
const marker = "<!-- nodes: written by npm run bench:nodes -->\n";
const layerBytes = 1024 * 1024;
const repositories = 200;
const tags = 200;

function makeBenchImage(layers: number, sizeBytes = layerBytes): BenchImage {
  const blobs = [makeBytes(500), ...Array.from({ length: layers }, () => makeBytes(sizeBytes))];
  const [config, ...rest] = blobs.map((bytes) => ({ digest: digestOf(bytes), size: bytes.length }));
  const content = {
    schemaVersion: 2,
    mediaType: manifestType,
    config: { mediaType: "application/vnd.oci.image.config.v1+json", ...config },
    layers: rest.map((layer) => ({ mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", ...layer })),
  };
  return { blobs, manifest: new TextEncoder().encode(JSON.stringify(content)) };
}

async function must(answer: Promise<Response>, ...statuses: number[]): Promise<Response> {
  const got = await answer;
  if (!statuses.includes(got.status)) throw new Error(`${got.url}: ${got.status} ${await got.text()}`);
  return got;
}

/** As docker does it: a session, the bytes, the end. */
async function pushBlob(server: Server, name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const begun = await must(server.fetch(`/v2/${name}/blobs/uploads/`, { method: "POST" }), 202);
  const path = (text: string | null) => {
    const url = new URL(text ?? "", "http://any");
    return `${url.pathname}${url.search}`;
  };
  const sent = await must(server.fetch(path(begun.headers.get("location")), { method: "PATCH", body: bytes }), 202);
  const last = withDigest(path(sent.headers.get("location")), digestOf(bytes));
  await must(server.fetch(last, { method: "PUT" }), 201);
}

async function pushManifest(server: Server, path: string, { manifest }: BenchImage): Promise<void> {
  const init = { method: "PUT", headers: { "Content-Type": manifestType }, body: manifest };
  await must(server.fetch(`/v2/${path}`, init), 201);
}

async function push(server: Server, name: string, tag: string, image: BenchImage): Promise<void> {
  await Promise.all(image.blobs.map((bytes) => pushBlob(server, name, bytes)));
  await pushManifest(server, `${name}/manifests/${tag}`, image);
}

async function pull(server: Server, name: string, tag: string, image: BenchImage): Promise<void> {
  const headers = { Accept: manifestType };
  await (await must(server.fetch(`/v2/${name}/manifests/${tag}`, { headers }), 200)).bytes();
  await Promise.all(
    image.blobs.map(async (bytes) => {
      await (await must(server.fetch(`/v2/${name}/blobs/${digestOf(bytes)}`), 200)).bytes();
    }),
  );
}

function median(times: readonly number[]): number {
  return [...times].sort((one, other) => one - other)[Math.floor(times.length / 2)] ?? Number.NaN;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

/** The same on each server, in turns; the medians in milliseconds. */
async function compare(servers: readonly Server[], work: (server: Server, round: number) => Promise<unknown>) {
  const times = servers.map(() => [] as number[]);
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, server] of servers.entries()) times[index]?.push(await timed(() => work(server, round)));
  }
  return times.map(median);
}

async function prepare(server: Server, image: BenchImage): Promise<void> {
  await push(server, "bench/tags", "v0", image);
  for (let index = 1; index < tags; index += 1) await pushManifest(server, `bench/tags/manifests/v${index}`, image);
  for (let index = 0; index < repositories; index += 1) {
    for (const bytes of image.blobs) {
      const query = new URLSearchParams({ mount: digestOf(bytes), from: "bench/tags" });
      await must(server.fetch(`/v2/many/app${index}/blobs/uploads/?${query}`, { method: "POST" }), 201);
    }
    await pushManifest(server, `many/app${index}/manifests/1`, image);
  }
}

async function latencies(engine: RealEngine) {
  using home = temporaryDirectory();
  const env = { REGISTRY_STORAGE_S3_ROOTDIRECTORY: "/ours", REGISTRY_LOG_LEVEL: "error" };
  await using ours = await startNode(engine, { env });
  const bucket = { ...(await bucketSection(engine)), rootdirectory: "/theirs" };
  await using theirs = await startForeign("registry-v3", home.path, { bucket });
  const servers: readonly Server[] = [
    { name: "registry", fetch: ours.fetch },
    { name: "distribution 3.1", fetch: theirs.fetch },
  ];
  const small = makeBenchImage(1, 1000);
  for (const server of servers) await prepare(server, small);
  const pulled = makeBenchImage(5);
  for (const server of servers) await push(server, "bench/pulled", "1", pulled);
  const questions: readonly (readonly [string, (server: Server, round: number) => Promise<unknown>])[] = [
    [
      "push of an image with 5 layers of 1 MiB",
      (server, round) => push(server, `bench/push${round}`, "1", makeBenchImage(5)),
    ],
    ["pull of it, blobs by redirect", (server) => pull(server, "bench/pulled", "1", pulled)],
    [
      "HEAD of a tag",
      (server) =>
        must(server.fetch("/v2/bench/pulled/manifests/1", { method: "HEAD", headers: { Accept: manifestType } }), 200),
    ],
    [
      `tags/list of ${tags} tags`,
      async (server) => (await must(server.fetch("/v2/bench/tags/tags/list?n=1000"), 200)).json(),
    ],
    [
      `_catalog of ${repositories} repositories`,
      async (server) => (await must(server.fetch("/v2/_catalog?n=1000"), 200)).json(),
    ],
  ];
  const rows: { what: string; oursMs: number; theirsMs: number; ratio: number }[] = [];
  for (const [what, work] of questions) {
    const [oursMs = 0, theirsMs = 0] = await compare(servers, work);
    rows.push({ what, oursMs, theirsMs, ratio: oursMs / theirsMs });
    console.log(
      `${what}: ${oursMs.toFixed(1)} ms, distribution ${theirsMs.toFixed(1)} ms (${(oursMs / theirsMs).toFixed(2)})`,
    );
  }
  return rows;
}

const clients = 16;

/** How often a second so many clients do it. */
async function perSecond(work: (client: number, round: number) => Promise<unknown>): Promise<number> {
  const endMs = performance.now() + runMs;
  let count = 0;
  await Promise.all(
    Array.from({ length: clients }, async (_, client) => {
      for (let round = 0; performance.now() < endMs; round += 1) {
        await work(client, round);
        count += 1;
      }
    }),
  );
  return count / (runMs / 1000);
}

async function throughput(engine: RealEngine, count: number) {
  await using stack = new AsyncDisposableStack();
  const nodes: StartedRegistry[] = [];
  const env = { REGISTRY_STORAGE_S3_ROOTDIRECTORY: `/throughput${count}`, REGISTRY_LOG_LEVEL: "error" };
  for (let index = 0; index < count; index += 1) nodes.push(stack.use(await startNode(engine, { env })));
  let next = 0;
  // Each request to another node.
  const server: Server = {
    name: `${count} nodes`,
    fetch: async (path, init) => {
      next += 1;
      const node = nodes[next % count];
      if (node === undefined) throw new Error("no node");
      return await node.fetch(path, init);
    },
  };
  const pushes = await perSecond((client, round) =>
    push(server, `load/app${client}`, `v${round}`, makeBenchImage(1, 10_000)),
  );
  const image = makeBenchImage(1, 10_000);
  await push(server, "load/pulled", "1", image);
  const pulls = await perSecond(() => pull(server, "load/pulled", "1", image));
  console.log(`${count} nodes: ${pushes.toFixed(0)} pushes/s, ${pulls.toFixed(0)} pulls/s`);
  return { nodes: count, pushes, pulls };
}

/** What the object store itself does with as many clients. */
async function limits({ objects }: RealEngine) {
  const bytes = makeBytes(10_000);
  await objects.put("limit/read", bytes);
  const puts = await perSecond((client, round) => objects.put(`limit/${client}-${round}`, bytes));
  const gets = await perSecond(() => objects.read("limit/read", bytes.length));
  console.log(`the object store: ${puts.toFixed(0)} PUT/s, ${gets.toFixed(0)} GET/s`);
  return { puts, gets };
}

interface Measured {
  readonly rows: Awaited<ReturnType<typeof latencies>>;
  readonly limit: Awaited<ReturnType<typeof limits>>;
  readonly loads: readonly Awaited<ReturnType<typeof throughput>>[];
}

/** As tables. */
function format({ rows, limit, loads }: Measured): string {
  const ms = (time: number) => `${time.toFixed(time < 10 ? 1 : 0)} ms`;
  const compared = rows.map(
    ({ what, oursMs, theirsMs, ratio }) => `| ${what} | ${ms(oursMs)} | ${ms(theirsMs)} | ${ratio.toFixed(2)} |`,
  );
  const loaded = loads.map(({ nodes, pushes, pulls }) => `| ${nodes} | ${pushes.toFixed(0)} | ${pulls.toFixed(0)} |`);
  return [
    "| median of one client | registry | distribution 3.1 | ratio |\n|---|---|---|---|",
    ...compared,
    `\n| nodes | pushes a second | pulls a second |\n|---|---|---|`,
    ...loaded,
    `\nThe object store alone, with as many clients: ${limit.puts.toFixed(0)} PUT and ${limit.gets.toFixed(0)} GET a second.`,
  ].join("\n");
}

async function main(): Promise<void> {
  await using engine = await startVersityGateway();
  const rows = await latencies(engine);
  const limit = await limits(engine);
  const loads: Awaited<ReturnType<typeof throughput>>[] = [];
  for (const count of [1, 2, 4]) loads.push(await throughput(engine, count));
  if (values.json !== undefined) writeFileSync(values.json, JSON.stringify({ rows, limit, loads }, null, 2));
  if (values.report !== undefined) {
    const text = readFileSync(values.report, "utf8");
    const [before, rest = ""] = text.split(marker);
    writeFileSync(
      values.report,
      `${before}${marker}${format({ rows, limit, loads })}\n${rest.slice(rest.indexOf("<!-- end -->"))}`,
    );
  }
}

await main();
process.exit(0);
