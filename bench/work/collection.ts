// Garbage collection of a large store, by the command that each registry has for it.
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { orderOf, RowInWork } from "../measure.ts";
import type { Kind, Row } from "../results.ts";
import { configure } from "../servers/configuration.ts";
import type { Peer } from "../servers/peers.ts";
import { type Bench, peersOf, type Setting, sharingLayout } from "../stage.ts";
import { copyStore, storeOf, writeStore } from "../stores.ts";

/** A twentieth of the blobs is garbage. Distribution unlinks it; ours puts it into the trash, which a later run empties. */
export async function measureCollection(bench: Bench, { place }: Setting): Promise<readonly Row[]> {
  const { collectedBlobs, collections } = bench.sizes;
  const peers = sharingLayout(peersOf(bench));
  const store = join(place.path, "store");
  bench.say(`writing ${collectedBlobs} blobs`);
  writeStore(store, storeOf(collectedBlobs));
  const work = `gc of ${collectedBlobs} blobs`;
  const time = new RowInWork({ id: "gc@memory", work: `${work} (memory)`, unit: "s" });
  const memory = new RowInWork({ id: "memory-gc@memory", work: `peak memory: ${work} (memory)`, unit: "MiB" });
  for (let round = 1; round <= collections; round += 1) {
    for (const peer of orderOf(peers, round)) {
      bench.say(`${work}: ${peer.kind}`);
      const directory = join(place.path, `collected-${peer.kind}`);
      copyStore(store, [directory]);
      const used = await collect(peer, directory);
      rmSync(directory, { recursive: true });
      time.add(peer.kind, { value: used.seconds, cpu: used.cpuSeconds });
      memory.add(peer.kind, { value: used.memoryMiB });
    }
  }
  rmSync(store, { recursive: true });
  return [time.row, memory.row];
}

async function collect({ kind, executable }: Peer, directory: string) {
  const serving = {
    address: { host: "127.0.0.1", port: 0 },
    directory,
    tls: undefined,
    remoteUrl: undefined,
    workers: undefined,
  };
  const file = `${directory}.yml`;
  writeFileSync(file, configure(kind, serving).text);
  const startedMs = performance.now();
  const child = Bun.spawn([executable, ...commandOf(kind, file)], { stdout: "ignore", stderr: "pipe" });
  const complaint = await child.stderr.text();
  if ((await child.exited) !== 0) throw new Error(`gc of ${kind}: ${complaint.slice(-500)}`);
  const seconds = (performance.now() - startedMs) / 1000;
  const usage = child.resourceUsage();
  const cpuSeconds = Number(usage?.cpuTime.total ?? Number.NaN) / 1e6;
  return { seconds, cpuSeconds, memoryMiB: Number(usage?.maxRSS ?? Number.NaN) / 1024 ** 2 };
}

/** Distribution prints a line for each blob, and its oldest flag against that is too new for 2.8: the lines go nowhere. */
function commandOf(kind: Kind, file: string): readonly string[] {
  return kind === "registry" ? ["gc", "--grace", "0s", "--quiet", file] : ["garbage-collect", file];
}
