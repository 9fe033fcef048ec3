// What a registry takes before it does anything: the time to its first answer, memory, the size of its executable.
import { statSync } from "node:fs";
import { orderOf, RowInWork } from "../measure.ts";
import { memoryMiB } from "../process-tree.ts";
import type { Row } from "../results.ts";
import { startServer } from "../servers/server.ts";
import { type Bench, peersOf, type Setting } from "../stage.ts";

/** Memory settles for a moment after the first answer. */
const idleMs = 500;

/** Starts each many times; the first start, which makes directories, does not count. */
export async function measureResources(bench: Bench, { place }: Setting): Promise<readonly Row[]> {
  const start = new RowInWork({ id: "start@memory", work: "start to first answer", unit: "ms" });
  const idle = new RowInWork({ id: "idle@memory", work: "idle memory", unit: "MiB" });
  const executable = new RowInWork({ id: "executable@memory", work: "executable", unit: "MiB" });
  const peers = peersOf(bench);
  bench.say("start, idle memory");
  for (let round = 0; round <= bench.sizes.starts; round += 1) {
    for (const peer of orderOf(peers, round)) {
      await using server = await startServer(peer, { place: place.path, workers: bench.workers });
      if (round === 0) continue;
      start.add(peer.kind, { value: server.startMs });
      if (round > 3) continue;
      await Bun.sleep(idleMs);
      idle.add(peer.kind, { value: memoryMiB(server.pid, "now") });
    }
  }
  for (const peer of peers) executable.add(peer.kind, { value: statSync(peer.executable).size / 1024 ** 2 });
  return [start.row, idle.row, executable.row];
}
