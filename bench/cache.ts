// The executable as a cache, beside Debian's docker-registry as a cache of the same upstream, which is a docker-registry
// too. Straight from the upstream is the measure: a cache that is cold should cost little more than it.
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Contender, startDockerRegistry, startRegistry } from "./servers.ts";
import { contentOf, pushBlob } from "./workloads.ts";

const rounds = 3;
const gigabyte = 1_000_000_000;
const gigabit = 125_000_000;
const sharedBytes = 16 * 1024 * 1024;
const clients = 50;

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** Pulls with programs of their own, so that neither client nor server waits for this process. */
async function pull(url: string, digest: string, count = 1): Promise<number> {
  const startedMs = performance.now();
  const command = ["curl", "-sS", "--fail", "-o", "/dev/null", `${url}/v2/bench/cached/blobs/${digest}`];
  const ends = Array.from({ length: count }, () => Bun.spawn(command, { stderr: "ignore" }).exited);
  const failed = (await Promise.all(ends)).find((code) => code !== 0);
  if (failed !== undefined) throw new Error(`a pull from ${url} ended with ${failed}`);
  return performance.now() - startedMs;
}

interface Link extends AsyncDisposable {
  readonly url: string;
}

/** The upstream at the end of a link of one gigabit per second. */
async function startLink(upstream: Contender): Promise<Link> {
  const relay = join(import.meta.dir, "relay.ts");
  const { port } = new URL(upstream.url);
  const child = Bun.spawn([process.execPath, relay, port, String(gigabit)], { stdout: "pipe", stderr: "inherit" });
  const { value } = await child.stdout.getReader().read();
  return {
    url: `http://127.0.0.1:${new TextDecoder().decode(value).trim()}`,
    [Symbol.asyncDispose]: async () => {
      child.kill();
      await child.exited;
    },
  };
}

type StartCache = (directory: string, remoteUrl: string) => Promise<Contender>;

interface Times {
  readonly cold: number[];
  readonly warm: number[];
}

/** Each round begins with an empty cache. */
async function measure(
  start: StartCache,
  directory: string,
  { url, digest, count = 1 }: { url: string; digest: string; count?: number },
): Promise<Times> {
  const times: Times = { cold: [], warm: [] };
  for (let round = 0; round < rounds; round += 1) {
    const place = join(directory, "cache");
    mkdirSync(place);
    {
      await using cache = await start(place, url);
      times.cold.push(await pull(cache.url, digest, count));
      times.warm.push(await pull(cache.url, digest, count));
    }
    rmSync(place, { recursive: true });
  }
  return times;
}

function row(name: string, values: { straight: number; ours: number; peer: number; aim: string }): string {
  const { straight, ours, peer, aim } = values;
  const ratios = [(ours / straight).toFixed(2), (peer / straight).toFixed(2)];
  return `| ${name} | ${straight.toFixed(0)} ms | ${ours.toFixed(0)} ms | ${ratios[0]} | ${peer.toFixed(0)} ms | ${ratios[1]} | ${aim} |`;
}

/** Prints the table. */
export async function measureCaches(directory: string): Promise<void> {
  await using upstream = await startDockerRegistry(join(directory, "upstream"));
  await using link = await startLink(upstream);
  const large = await pushBlob(upstream.url, "bench/cached", contentOf("cached", gigabyte));
  const shared = await pushBlob(upstream.url, "bench/cached", contentOf("shared", sharedBytes));
  await using local = await startRegistry(join(directory, "local"));
  await pushBlob(local.url, "bench/cached", contentOf("cached", gigabyte));
  console.log(
    "\n| cache (median of 3) | straight | registry | ratio | docker-registry | ratio | aim |\n|---|---|---|---|---|---|---|",
  );
  const straight = async (url: string, digest: string, count = 1) => {
    const times: number[] = [];
    for (let round = 0; round < rounds; round += 1) times.push(await pull(url, digest, count));
    return median(times);
  };
  const localMs = await straight(local.url, large);
  for (const [name, url] of [
    ["a link of 1 Gbit/s", link.url],
    ["no link", upstream.url],
  ] as const) {
    const straightMs = await straight(url, large);
    const ours = await measure(startRegistry, directory, { url, digest: large });
    const peer = await measure(startDockerRegistry, directory, { url, digest: large });
    const [cold, warm] = [
      { ours: median(ours.cold), peer: median(peer.cold) },
      { ours: median(ours.warm), peer: median(peer.warm) },
    ];
    console.log(row(`cold pull of 1 GB over ${name}`, { straight: straightMs, ...cold, aim: "1.15" }));
    if (url === upstream.url)
      console.log(row("warm pull of 1 GB, beside our own local one", { straight: localMs, ...warm, aim: "1" }));
  }
  const straightMs = await straight(link.url, shared, clients);
  const ours = await measure(startRegistry, directory, { url: link.url, digest: shared, count: clients });
  const peer = await measure(startDockerRegistry, directory, { url: link.url, digest: shared, count: clients });
  const cold = { ours: median(ours.cold), peer: median(peer.cold) };
  console.log(
    row(`${clients} clients, one cold blob of 16 MiB over 1 Gbit/s`, { straight: straightMs, ...cold, aim: "" }),
  );
}
