// npm run bench:gc: garbage collection of a large store, time and memory of the built executable.
//
//   bun bench/collect.ts [--manifests 100000] [--dir DIR]     a million blobs; about 12 GB of directories and small files
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { writeLargeStore } from "./large-store.ts";

const { values } = parseArgs({ options: { manifests: { type: "string" }, dir: { type: "string" } } });
const manifests = Number(values.manifests ?? 100_000);
const root = values.dir ?? mkdtempSync(join(tmpdir(), "registry-large-"));
const executable = join(import.meta.dir, "../dist/registry");

/** Runs the executable; how long it took, the most memory that it had, and what it printed. */
async function measure(...args: readonly string[]) {
  const startedMs = performance.now();
  const child = Bun.spawn([executable, ...args, "--data", root], { stdout: "pipe", stderr: "inherit" });
  let peakKiB = 0;
  const timer = setInterval(() => {
    const status = existsSync(`/proc/${child.pid}/status`) ? readFileSync(`/proc/${child.pid}/status`, "utf8") : "";
    peakKiB = Math.max(peakKiB, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0));
  }, 50);
  const output = await child.stdout.text();
  await child.exited;
  clearInterval(timer);
  const seconds = (performance.now() - startedMs) / 1000;
  console.log(`| registry ${args.join(" ")} | ${seconds.toFixed(1)} s | ${(peakKiB / 1024).toFixed(0)} MiB |`);
  return output;
}

console.log(
  `${cpus().length} × ${cpus()[0]?.model ?? "?"}; ${Bun.spawnSync([executable, "version"]).stdout.toString().trim()}`,
);
if (!existsSync(join(root, "docker"))) {
  const startedMs = performance.now();
  const store = writeLargeStore(
    {
      root,
      manifests,
      blobsPerManifest: 9,
      manifestsPerRepository: 100,
      untaggedEvery: 10,
      lonelyBlobs: Math.floor(manifests / 20),
    },
    (done) => process.stderr.write(`\r${done} manifests written`),
  );
  process.stderr.write("\n");
  console.log(`written in ${((performance.now() - startedMs) / 1000).toFixed(0)} s: ${JSON.stringify(store)}`);
}
console.log("\n| command | time | peak memory (RSS) |\n|---|---|---|");
await measure("gc", "--dry-run", "--quiet", "--grace", "24h");
await measure("gc", "--delete-untagged", "--grace", "0s");
const last = await measure("gc", "--delete-untagged", "--grace", "0s");
await measure("gc", "--delete-untagged");
console.log(`\nthe third run said:\n${last}`);
if (values.dir === undefined) rmSync(root, { recursive: true, force: true });
