// npm run bench:api: what the questions of the read API cost on large stores, with the built executable.
//
//   bun bench/read-api.ts [--dir DIR]     10,000 repositories; 10,000 and 100,000 tags in one; about 4 GB of small files
//
// Each question is asked twice, since the second time more is remembered. Beside it a client asks for /livez again and
// again: the longest of its waits tells how long anybody else would have waited.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type StoreOptions, writeStore } from "./stores.ts";

const { values } = parseArgs({ options: { dir: { type: "string" } } });
const base = values.dir ?? mkdtempSync(join(tmpdir(), "registry-read-api-"));
const executable = join(import.meta.dir, "../dist/registry");

interface Question {
  readonly what: string;
  readonly path: string;
  readonly body?: unknown;
}

const stores: readonly (StoreOptions & {
  readonly name: string;
  readonly ask: readonly Question[];
})[] = [
  {
    ...{ name: "10,000 repositories", manifests: 10_000, manifestsPerRepository: 1, blobsPerManifest: 4 },
    ...{ untaggedEvery: 1_000_000, lonelyBlobs: 100 },
    ask: [
      { what: "the first 50 repositories", path: "repositories" },
      { what: "the last 50", path: "repositories?last=large/app9949" },
      { what: "a search that finds one", path: "repositories?q=app9999" },
      { what: "a search that finds nothing", path: "repositories?q=nothing" },
      { what: "the tree, 50 of 10,000 components", path: "tree?prefix=large/" },
      { what: "usage", path: "usage" },
      { what: "a plan for one tag", path: "repositories/large/app7/deletion-plan", body: { tags: ["v7"] } },
    ],
  },
  ...[10_000, 100_000].map((manifests) => ({
    ...{ name: `${manifests.toLocaleString("en")} tags`, manifests, manifestsPerRepository: manifests },
    ...{ blobsPerManifest: 3, untaggedEvery: 1_000_000_000, lonelyBlobs: 100 },
    ask: [
      { what: "the repository in a listing", path: "repositories" },
      { what: "the first 50 tags by name", path: "repositories/large/app0/tags" },
      { what: "by time", path: "repositories/large/app0/tags?sort=pushed&order=desc" },
      { what: "by size", path: "repositories/large/app0/tags?sort=size&order=desc" },
      { what: "filtered", path: "repositories/large/app0/tags?filter=*99" },
      { what: "usage", path: "usage" },
      { what: "a plan for one tag", path: "repositories/large/app0/deletion-plan", body: { tags: ["v7"] } },
      { what: "a plan for 1,000 tags or so", path: "repositories/large/app0/deletion-plan", body: { filter: "v7*0" } },
    ],
  })),
];

async function start(root: string) {
  const child = Bun.spawn(
    [executable, "serve", "--http", "--addr", "127.0.0.1:0", "--data", root, "--log-level", "error", "--workers", "1"],
    {
      stdout: "pipe",
      stderr: "inherit",
    },
  );
  let printed = "";
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    printed += chunk;
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(printed)?.[0];
    if (url !== undefined) return { child, url };
  }
  throw new Error(`it did not start: ${printed}`);
}

/** How much processor time the process has used, in milliseconds. */
function processorMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  // utime and stime, in ticks of 10 ms.
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** The longest time that a probe waits until the work is done. */
async function probing(url: string, work: () => Promise<void>): Promise<number> {
  let longestMs = 0;
  let isDone = false;
  const probe = (async () => {
    while (!isDone) {
      const startedMs = performance.now();
      await (await fetch(`${url}/livez`)).text();
      longestMs = Math.max(longestMs, performance.now() - startedMs);
      await Bun.sleep(5);
    }
  })();
  await work();
  isDone = true;
  await probe;
  return longestMs;
}

async function ask(url: string, { path, body }: Question): Promise<void> {
  const init = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch(`${url}/-/api/v1/${path}`, body === undefined ? {} : init);
  const text = await response.text();
  if (!response.ok) throw new Error(`${path}: ${response.status} ${text.slice(0, 300)}`);
}

const format = (ms: number) => (ms < 100 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(1)} s`);

console.log(`${cpus().length} × ${cpus()[0]?.model ?? "?"}`);
for (const { name, ask: questions, ...size } of stores) {
  const root = join(base, name.replace(/\W/g, ""));
  if (!existsSync(join(root, "docker"))) {
    process.stderr.write(`writing ${name}
`);
    writeStore(root, size);
  }
  const { child, url } = await start(root);
  console.log(
    `\n| ${name} | first | processor | again | processor | longest wait of others |\n|---|---|---|---|---|---|`,
  );
  for (const question of questions) {
    const times: number[] = [];
    const waitMs = await probing(url, async () => {
      for (let round = 0; round < 2; round += 1) {
        const [startedMs, usedMs] = [performance.now(), processorMs(child.pid)];
        await ask(url, question);
        times.push(performance.now() - startedMs, processorMs(child.pid) - usedMs);
      }
    });
    console.log(`| ${question.what} | ${times.map(format).join(" | ")} | ${waitMs.toFixed(0)} ms |`);
  }
  const peakKiB = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1] ?? "0";
  console.log(`peak memory ${(Number(peakKiB) / 1024).toFixed(0)} MiB`);
  child.kill();
  await child.exited;
}
if (values.dir === undefined) rmSync(base, { recursive: true, force: true });
