// Pull-through caches: the same image pulled through each of them, first when they are empty, then again.
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Job, Load } from "../load.ts";
import { orderOf, RowInWork } from "../measure.ts";
import { processorSeconds } from "../process-tree.ts";
import type { Row } from "../results.ts";
import type { Peer } from "../servers/peers.ts";
import { type Server, startServer } from "../servers/server.ts";
import { type Bench, peersOf, type Setting, sharingLayout } from "../stage.ts";
import { sizeOf } from "./large.ts";

const repository = "bench/cached";

/** Ours beside distribution's, whose cache holds one upstream as well; the upstream is a distribution. */
export async function measureCaches(bench: Bench, { place }: Setting): Promise<readonly Row[]> {
  const upstreamPeer = bench.peers.find(({ kind }) => kind === "distribution3" || kind === "distribution2");
  if (upstreamPeer === undefined) return [];
  const { load, sizes } = bench;
  const pushed: Job = {
    kind: "pushImages",
    connections: 1,
    count: 1,
    repository,
    seed: "cached",
    blobSizes: [2048, sizes.cachedBytes],
  };
  await using upstream = await startServer(upstreamPeer, { place: join(place.path, "upstream") });
  await load.run(pushed, upstream);
  const [image] = await load.describeImages(pushed);
  if (image === undefined) throw new Error("no image was described");
  const targets = [`manifests/${image.tag}`, ...image.blobs.map((digest) => `blobs/${digest}`)];
  const pull: Job = {
    kind: "requests",
    method: "GET",
    connections: 1,
    count: 1,
    groupSize: targets.length,
    targets: targets.map((target) => `/v2/${repository}/${target}`),
  };
  const work = `an image of ${sizeOf(sizes.cachedBytes)} through a cache`;
  const rows = {
    cold: new RowInWork({ id: "cache-cold@memory", work: `pull ${work}, empty (memory)`, unit: "s/GB" }),
    warm: new RowInWork({ id: "cache-warm@memory", work: `pull ${work}, again (memory)`, unit: "s/GB" }),
  };
  const caches = sharingLayout(peersOf(bench));
  for (let round = 1; round <= sizes.rounds; round += 1) {
    for (const peer of orderOf(caches, round)) {
      bench.say(`${work}: ${peer.kind}`);
      await measureCache(peer, { place: join(place.path, "caches"), upstream, pull, load, rows });
    }
  }
  return [rows.cold.row, rows.warm.row];
}

interface Caching {
  readonly place: string;
  readonly upstream: Server;
  readonly pull: Job;
  readonly load: Load;
  readonly rows: { readonly cold: RowInWork; readonly warm: RowInWork };
}

/** Each round begins with an empty cache. */
async function measureCache(peer: Peer, { place, upstream, pull, load, rows }: Caching): Promise<void> {
  {
    await using cache = await startServer(peer, { place, remoteUrl: upstream.url });
    for (const row of [rows.cold, rows.warm]) {
      const beforeSeconds = processorSeconds(cache.pid);
      const done = await load.run(pull, cache);
      row.addJob(peer.kind, done, processorSeconds(cache.pid) - beforeSeconds);
    }
  }
  rmSync(place, { recursive: true });
}
