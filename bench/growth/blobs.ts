// How cost grows with the number of blobs in the store.
import type { Job } from "../load.ts";
import type { Growth } from "../results.ts";
import type { Server } from "../servers/server.ts";
import { storeOf, writeStore } from "../stores.ts";
import { asking, costMs, type Ground, linesOf, onStore } from "./cost.ts";

const pushed = 100;
const repository = "bench/pushed";
const blobSizes = [16 * 1024, 16 * 1024];
const pushing: Job = { kind: "pushImages", connections: 8, count: pushed, repository, seed: "pushed", blobSizes };

/** Requests should not feel it; garbage collection walks all of it. */
export async function growByBlobs(ground: Ground): Promise<Growth> {
  const { bench } = ground;
  const sizes = bench.sizes.growth.blobs;
  const columns: Readonly<Record<string, number>>[] = [];
  for (const blobs of sizes) {
    bench.say(`growth: a store of ${blobs} blobs`);
    const write = (directory: string) => writeStore(directory, storeOf(blobs));
    columns.push(await onStore(ground, write, (server) => measure(ground, server, blobs)));
  }
  const title = "A store of more and more blobs";
  return { id: "blobs", title, over: "blobs in the store", unit: "ms", sizes, lines: linesOf(columns) };
}

async function measure(ground: Ground, server: Server, blobs: number): Promise<Readonly<Record<string, number>>> {
  const { load } = ground.bench;
  const byTag = await costMs(ground, server, asking(ground.bench, tagsIn(blobs)));
  const push = await load.run(pushing, server);
  const [image] = await load.describeImages(pushing);
  const targets = (image?.blobs ?? []).map((digest) => `/v2/${repository}/blobs/${digest}`);
  return {
    "GET a manifest by tag": byTag,
    "push an image, 8 at once": push.wallMs / pushed,
    "GET a blob of 16 KiB": await costMs(ground, server, asking(ground.bench, targets)),
    "gc --dry-run": dryRunMs(ground, server.directory),
  };
}

/** Some from everywhere in the store. Of each ten manifests the first has no tag. */
function tagsIn(blobs: number): readonly string[] {
  const { manifests, manifestsPerRepository, untaggedEvery } = storeOf(blobs);
  return Array.from({ length: 64 }, (_, index) => Math.floor((index * manifests) / 64))
    .filter((number) => number % untaggedEvery !== 0)
    .map((number) => `/v2/large/app${Math.floor(number / manifestsPerRepository)}/manifests/v${number}`);
}

function dryRunMs({ bench }: Ground, directory: string): number {
  const startedMs = performance.now();
  const command = [bench.peers[0]?.executable ?? "", "gc", "--dry-run", "--quiet", "--data", directory];
  if (!Bun.spawnSync(command, { stdout: "ignore", stderr: "inherit" }).success) throw new Error("gc failed");
  return performance.now() - startedMs;
}
