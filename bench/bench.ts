// npm run bench: the built executable beside Debian's docker-registry, in the same run, on the same disk in memory.
// What is printed are ratios of times; a ratio below 1 says that the executable is faster.
import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { measureCaches } from "./cache.ts";
import { type Contender, emptyDirectory, startDockerRegistry, startRegistry } from "./servers.ts";
import { type Workload, workloads } from "./workloads.ts";

const rounds = 5;

async function timeOf(work: (url: string) => Promise<void>, contender: Contender): Promise<number> {
  const startedMs = performance.now();
  await work(contender.url);
  return performance.now() - startedMs;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function memoryMiB(pid: number, field: "VmRSS" | "RssAnon"): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1] ?? Number.NaN) / 1024;
}

/** The two take turns, and the first round warms both up and does not count. */
async function compare(workload: Workload, ours: Contender, peer: Contender): Promise<string> {
  const times: Record<"ours" | "peer", number[]> = { ours: [], peer: [] };
  for (let round = 0; round <= rounds; round += 1) {
    const [first, second] = round % 2 === 0 ? ([ours, peer] as const) : ([peer, ours] as const);
    const work = workload.prepare(String(round));
    for (const contender of [first, second]) {
      const timeMs = await timeOf(work, contender);
      if (round > 0) times[contender === ours ? "ours" : "peer"].push(timeMs);
    }
  }
  const [oursMs, peerMs] = [median(times.ours), median(times.peer)];
  const aim = workload.aim === undefined ? "" : String(workload.aim);
  return `| ${workload.name} | ${oursMs.toFixed(0)} ms | ${peerMs.toFixed(0)} ms | ${(oursMs / peerMs).toFixed(2)} | ${aim} |`;
}

const directory = emptyDirectory();
const executable = Bun.spawnSync([`${import.meta.dir}/../dist/registry`, "version"])
  .stdout.toString()
  .trim();
const debian = Bun.spawnSync(["docker-registry", "--version"]).stdout.toString().trim();
console.log(`${cpus().length} × ${cpus()[0]?.model ?? "?"}; ${executable}; ${debian}\n`);

// A first start makes the directories; it is the second one that is timed.
await (await startRegistry(directory))[Symbol.asyncDispose]();
await using ours = await startRegistry(directory);
await using peer = await startDockerRegistry(directory);
const idle = [ours, peer].map(({ pid }) => memoryMiB(pid, "VmRSS").toFixed(0));

console.log(`| workload (median of ${rounds}) | registry | docker-registry | ratio | aim |\n|---|---|---|---|---|`);
console.log(`| start to first answer | ${ours.startMs.toFixed(0)} ms | ${peer.startMs.toFixed(0)} ms | | 60 ms |`);
console.log(`| idle memory (RSS) | ${idle[0]} MiB | ${idle[1]} MiB | | 60 MiB |`);
for (const workload of workloads) console.log(await compare(workload, ours, peer));
const after = [ours, peer].map(({ pid }) => memoryMiB(pid, "RssAnon").toFixed(0));
console.log(`| own memory afterwards (RssAnon) | ${after[0]} MiB | ${after[1]} MiB | | |`);
await measureCaches(emptyDirectory());
emptyDirectory();
