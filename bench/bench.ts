// npm run bench: the built executable beside the registries that are on this machine, in one run. What is measured, how,
// and what came out is in docs/performance.md.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { changesOf, findSlower, formatSlower } from "./compare.ts";
import { measureGrowth } from "./growth.ts";
import { Load } from "./load.ts";
import { describeMachine } from "./machine.ts";
import { type Options, parseOptions, usage } from "./options.ts";
import { diskPlace, fileSystems, loopPlace, memoryPlace } from "./places.ts";
import { prepareReport, writeReport } from "./report.ts";
import type { Growth, Results, Row } from "./results.ts";
import { makeCertificate } from "./servers/certificate.ts";
import { findPeers } from "./servers/peers.ts";
import { sizes } from "./sizes.ts";
import type { Bench } from "./stage.ts";
import { formatGrowth, formatHead, formatResults } from "./table.ts";
import { measureCaches } from "./work/caches.ts";
import { measureCollection } from "./work/collection.ts";
import { measureDisk } from "./work/disk.ts";
import { measureImages } from "./work/images.ts";
import { measureLarge } from "./work/large.ts";
import { measureListings } from "./work/listings.ts";
import { measureMixed } from "./work/mixed.ts";
import { measureResources } from "./work/resources.ts";
import { measureSmall } from "./work/small.ts";

/** As much as four registries hold of one round at once. */
const warmedRounds = 5;

async function main(options: Options): Promise<void> {
  // Read before anything is measured: a file that is not there is known at once.
  const before: Results | undefined =
    options.compare === undefined ? undefined : JSON.parse(readFileSync(options.compare, "utf8"));
  const peers = findPeers();
  const ours = peers.find(({ kind }) => kind === "registry");
  if (ours === undefined) throw new Error("dist/registry is missing: npm run build");
  const directory = mkdtempSync(join(tmpdir(), "registry-bench-certificate-"));
  try {
    await using load = new Load();
    // What was started is ended and what was mounted unmounted on the way out.
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => load.stop());
    const bench: Bench = {
      load,
      peers,
      certificate: makeCertificate(ours.executable, directory),
      sizes: sizes[options.length],
      workers: options.workers,
      say: (line) => {
        load.throwIfStopped();
        console.error(`${new Date().toTimeString().slice(0, 8)} ${line}`);
      },
    };
    const told = peers.filter(({ kind }) => kind !== "undurable");
    const versions = Object.fromEntries(told.map(({ kind, version }) => [kind, version]));
    const workers = options.workers === undefined ? {} : { workers: options.workers };
    const date = new Date().toISOString().slice(0, 10);
    const measured: Measured = { rows: [], growth: [] };
    const results = { machine: describeMachine(), date, versions, ...workers, ...measured };
    try {
      await measure(bench, options, measured);
      load.throwIfStopped();
    } catch (error) {
      // What was measured until then took minutes; files get all of it, or stay as they are.
      if (measured.rows.length + measured.growth.length > 0) print(results);
      throw error;
    }
    publish(results, { before, ...options });
  } finally {
    rmSync(directory, { recursive: true });
  }
}

interface Measured {
  readonly rows: Row[];
  readonly growth: Growth[];
}

/** Runs the parts that were asked for. */
async function measure(bench: Bench, { parts, disks }: Options, { rows, growth }: Measured): Promise<void> {
  using place = memoryPlace(bench.sizes.largeBytes * warmedRounds);
  const setting = { place, isTls: false };
  for (const part of parts) {
    if (part === "resources") rows.push(...(await measureResources(bench, setting)));
    if (part === "small") rows.push(...(await measureSmall(bench, setting)));
    if (part === "images") rows.push(...(await measureImages(bench, setting)));
    if (part === "large") rows.push(...(await measureLarge(bench, setting)));
    if (part === "mixed") rows.push(...(await measureMixed(bench, setting)));
    if (part === "tls") {
      rows.push(...(await measureLarge(bench, { place, isTls: true })));
      rows.push(...(await measureSmall(bench, { place, isTls: true })));
    }
    if (part === "listings") rows.push(...(await measureListings(bench, setting)));
    if (part === "caches") rows.push(...(await measureCaches(bench, setting)));
    if (part === "gc") rows.push(...(await measureCollection(bench, setting)));
    if (part === "disk") rows.push(...(await measureDisks(bench, disks)));
    if (part === "growth") growth.push(...(await measureGrowth(bench, place)));
  }
}

async function measureDisks(bench: Bench, disks: readonly string[]): Promise<readonly Row[]> {
  const openers =
    disks.length > 0
      ? disks.map((disk) => ({ name: disk, open: () => diskPlace(disk) }))
      : fileSystems.map((name) => ({ name, open: () => loopPlace(name) }));
  const rows: Row[] = [];
  for (const { name, open } of openers) {
    using place = open();
    if (place === undefined) bench.say(`no ${name}: it takes root, mkfs.${name} and a loop device`);
    else rows.push(...(await measureDisk(bench, { place, isTls: false })));
  }
  return rows;
}

function print(results: Results): void {
  console.log(formatHead(results));
  if (results.rows.length > 0) console.log(`\n${formatResults(results)}`);
  for (const growth of results.growth) console.log(`\n${growth.title}\n\n${formatGrowth(growth)}`);
}

function publish(results: Results, { json, report, before }: Options & { readonly before: Results | undefined }): void {
  print(results);
  if (json !== undefined) writeFileSync(json, formatJson(results));
  if (report !== undefined) writeReport(report, results);
  if (before === undefined) return;
  console.log(`\n${formatSlower(findSlower(before, results), changesOf(before, results).length)}`);
}

/** Four digits that count are more than any of these numbers deserves. */
function formatJson(results: Results): string {
  const shorten = (_key: string, value: unknown) => (typeof value === "number" ? Number(value.toPrecision(4)) : value);
  return `${JSON.stringify(results, shorten, 1)}\n`;
}

const options = parseOptions(process.argv.slice(2));
if (options === undefined) {
  console.error(usage);
  process.exit(64);
}
if (options.report !== undefined) prepareReport(options.report);
if (process.platform !== "linux") {
  console.error("bench: it needs Linux, for /proc and /dev/shm");
  process.exit(1);
}
try {
  await main(options);
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
