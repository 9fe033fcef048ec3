// How long small requests take while two large blobs are pulled and two are pushed.
import type { Job } from "../load.ts";
import { orderOf, prepare, runOrTell } from "../measure.ts";
import type { Row } from "../results.ts";
import type { Server } from "../servers/server.ts";
import { type Bench, dropLargeFiles, type Setting, Stage } from "../stage.ts";
import { stored, tagOf } from "./small.ts";

const pulled: Job = { kind: "pushBlobs", connections: 2, count: 2, repository: "bench/bulk", seed: "bulk" };
const everyMs = 20;
const connections = 4;

/** Manifests by tag, four of them every 20 ms, which is little: a registry that keeps up is not busy with them. Each waits from the moment it is due. */
export async function measureMixed(bench: Bench, setting: Setting): Promise<readonly Row[]> {
  await using stage = await Stage.start(bench, setting);
  const { load, sizes } = bench;
  const bulk: Job = { ...pulled, sizeBytes: sizes.largeAtOnceBytes };
  const pulls = (await load.describeBlobs(bulk)).map((digest) => `/v2/bench/bulk/blobs/${digest}`);
  const targets = (await load.describeImages(stored)).map(tagOf);
  const work = "GET a manifest while two large blobs are pulled and two pushed";
  const p50 = stage.addRow({ id: "beside-bulk-p50", work: `${work}, p50`, unit: "ms" });
  const p99 = stage.addRow({ id: "beside-bulk-p99", work: `${work}, p99`, unit: "ms" });
  const transfers = stage.addRow({ id: "bulk", work: "the pulls and pushes meanwhile", unit: "s/GB" });
  const measureOne = async (server: Server, round: number) => {
    await runOrTell(load, bulk, server);
    const job = { targets, pulls, pushes: 2, everyMs, forMs: sizes.mixedMs, sizeBytes: sizes.largeAtOnceBytes };
    const seed = `mixed ${round}`;
    const mixed: Job = { kind: "mixed", connections, repository: `bench/mixed-${round}`, seed, ...job };
    const done = await runOrTell(load, mixed, server);
    if (done === undefined) return;
    p50.add(server.kind, { value: done.p50Ms });
    p99.add(server.kind, { value: done.p99Ms });
    transfers.add(server.kind, { value: done.wallMs / 1000 / (done.bytes / 1e9) });
    dropLargeFiles(server.directory);
  };
  await prepare(load, stage.servers, stored);
  for (let round = 1; round <= sizes.rounds; round += 1)
    for (const server of orderOf(stage.servers, round)) await measureOne(server, round);
  stage.closeWithMemory("mixed", "small requests beside large blobs");
  return stage.rows;
}
