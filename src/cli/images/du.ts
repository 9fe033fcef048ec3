// registry du

import { scheduleOf } from "../../app/store/collector-schedule.ts";
import { counted } from "../../lib/counted.ts";
import { showStranger } from "../../lib/quoted.ts";
import { formatSize } from "../../lib/size.ts";
import type { CollectorSchedule } from "../../registry/reading/collector-schedule.ts";
import { measureUsage, type RepositoryUsage, type Usage } from "../../registry/reading/usage.ts";
import { type Command, type CommandIo, hasFlag, type ParsedWords } from "../command.ts";
import { createProgress } from "../progress.ts";
import { dataFlag, type MeantStore, withMeantStore } from "../store-command.ts";
import { formatTime } from "./age.ts";
import { formatBlobs, formatFreeTime } from "./free-time.ts";
import { createTable, formatTableRow } from "./table.ts";

/** Tells what takes the space. */
export const duCommand: Command = {
  name: "du",
  summary: "tells what takes the space, by repository",
  operands: "[config.yml]",
  maxOperands: 1,
  description: `Measures this machine's store as it is, also beside running servers: for each repository what it alone holds (OWN), what
other repositories hold too (SHARED), and what of both nobody needs any more (GARBAGE). Below, everything is counted once,
so that the lines add up to the bytes of all blobs, the trash and the uploads. The largest repositories come first.
Garbage waits for its grace before a collection takes it away; du says when that will be.`,
  flags: [
    dataFlag,
    { name: "json", help: "one JSON object a line for each repository, and finally the summary; in bytes" },
  ],
  run: (words, io) => withMeantStore({ words, io }, (meant) => du(meant, words, io)),
};

async function du({ store, configuration, shared }: MeantStore, words: ParsedWords, io: CommandIo): Promise<number> {
  const schedule = scheduleOf(configuration, store);
  const progress = createProgress(io);
  const repositories: RepositoryUsage[] = [];
  const each = (usage: RepositoryUsage) => {
    repositories.push(usage);
    progress.update(`measured: ${repositories.length} repositories`);
  };
  const usage = await measureUsage(store, { schedule, each });
  progress.clear();
  repositories.sort((one, other) => other.sizeBytes - one.sizeBytes || (one.name < other.name ? -1 : 1));
  if (hasFlag(words, "json")) printJson(io, repositories, usage);
  else printTable(io, repositories, { usage, schedule, disk: shared === undefined ? "the disk" : "this node's disk" });
  for (const { name, problems } of repositories) {
    for (const problem of problems) io.stderr(`${showStranger(name, maxShown)}: ${showStranger(problem, maxShown)}\n`);
  }
  return repositories.some(({ problems }) => problems.length > 0) ? 1 : 0;
}

const maxShown = 300;

function printJson(io: CommandIo, repositories: readonly RepositoryUsage[], usage: Usage): void {
  const table = createTable(io, []);
  for (const { name, ...rest } of repositories) {
    table.add([
      JSON.stringify({ kind: "repository", repository: name, ...rest, sharedBytes: rest.sizeBytes - rest.ownBytes }),
    ]);
  }
  const { computedMs, free, ...rest } = usage;
  const times = {
    computed: formatTime(computedMs),
    freeFrom: formatTime(free?.fromMs),
    freeBy: formatTime(free?.byMs),
  };
  table.add([JSON.stringify({ kind: "summary", ...times, ...sumUp(repositories, usage), ...rest })]);
  table.end();
}

interface Summed {
  readonly ownBytes: number;
  /** Once, however many repositories hold it. */
  readonly sharedBytes: number;
  readonly totalBytes: number;
}

function sumUp(repositories: readonly RepositoryUsage[], { blobs, unlinked, trash, uploads }: Usage): Summed {
  let ownBytes = 0;
  for (const each of repositories) ownBytes += each.ownBytes;
  return {
    ownBytes,
    // What comes or goes while it is measured may make a difference.
    sharedBytes: Math.max(0, blobs.sizeBytes - unlinked.sizeBytes - ownBytes),
    totalBytes: blobs.sizeBytes + trash.sizeBytes + uploads.sizeBytes,
  };
}

function printTable(
  io: CommandIo,
  repositories: readonly RepositoryUsage[],
  { usage, schedule, disk }: { readonly usage: Usage; readonly schedule: CollectorSchedule; readonly disk: string },
): void {
  const table = createTable(io, ["REPOSITORY", "OWN", "SHARED", "GARBAGE", "TAGS"]);
  for (const { name, sizeBytes, ownBytes, garbageBytes, tags } of repositories) {
    const sizes = [ownBytes, sizeBytes - ownBytes, garbageBytes].map(formatSize);
    table.add([showStranger(name, maxShown), ...sizes, String(tags)]);
  }
  table.end();
  if (repositories.length > 0) io.stdout("\n");
  for (const row of summaryRows(sumUp(repositories, usage), { ...usage, disk })) io.stdout(formatTableRow(row, [8, 8]));
  io.stdout(`\n${describeGarbage(usage, schedule)}\n`);
}

/** In the words of `registry gc`. */
function describeGarbage(usage: Usage, schedule: CollectorSchedule): string {
  const { waiting, trash, free, computedMs } = usage;
  const count = trash.count + (waiting?.count ?? 0);
  const garbage = { count, sizeBytes: trash.sizeBytes + (waiting?.sizeBytes ?? 0) };
  const when = count === 0 ? "" : `; ${formatFreeTime(free, { schedule, nowMs: computedMs })}`;
  const rest = waiting === undefined ? "; something cannot be read, and nothing else is taken until it can" : "";
  return `${formatBlobs(garbage)}, ${count === 1 ? "is" : "are"} garbage${when}${rest}`;
}

function summaryRows(summed: Summed, usage: Usage & { readonly disk: string }): readonly (readonly string[])[] {
  const { unlinked, trash, uploads, space, disk: where } = usage;
  const sessions = `in ${counted(uploads.sessions, "upload session")}`;
  const disk = `${where} has ${formatSize(space.freeBytes)} free of ${formatSize(space.totalBytes)}`;
  return [
    ["own", formatSize(summed.ownBytes), "in one repository alone"],
    ["shared", formatSize(summed.sharedBytes), "in several, counted once"],
    ["unlinked", formatSize(unlinked.sizeBytes), "in no repository"],
    ["trash", formatSize(trash.sizeBytes), "taken away by collections, for a grace"],
    ["uploads", formatSize(uploads.sizeBytes), sessions],
    ["total", formatSize(summed.totalBytes), disk],
  ];
}
