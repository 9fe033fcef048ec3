// registry gc

import { abandonedAfterMs, describeHolder } from "../app/store/chores.ts";
import { keepOf } from "../app/store/keep-rules.ts";
import { rulesOf } from "../app/store/manifest-rules.ts";
import type { Configuration } from "../config/schema.ts";
import { counted } from "../lib/counted.ts";
import { formatDuration, parseDuration } from "../lib/duration.ts";
import { formatSize } from "../lib/size.ts";
import { collectGarbage, UnprotectedError } from "../registry/gc/gc.ts";
import { makeRoom, type RoomOptions } from "../registry/gc/make-room.ts";
import type { GcEvent, GcSummary } from "../registry/gc/report.ts";
import type { GcOptions } from "../registry/gc/run.ts";
import type { Store } from "../registry/store.ts";
import {
  type Command,
  CommandError,
  type CommandIo,
  flagOf,
  hasFlag,
  type ParsedWords,
  UsageError,
} from "./command.ts";
import { jsonLines, type WorkOutput } from "./json-lines.ts";
import { createProgress } from "./progress.ts";
import { dataFlag, type MeantStore, requireRemoval, withMeantStore } from "./store-command.ts";

/** Collects garbage, also beside running servers. */
export const gcCommand: Command = {
  name: "gc",
  alias: "garbage-collect",
  summary: "collects garbage, even while servers are running",
  operands: "[config.yml]",
  maxOperands: 1,
  description: `Frees the space of what nobody needs any more. Safe at any time: beside running servers, pushes and pulls on the same
directory, and when it is killed. Run as root, it continues as the user who owns the data.

Blobs that no repository links for longer than the grace go to the trash; what has lain in the trash for longer than
the grace is destroyed. So space is free after two runs, and \`registry gc --grace 0s\` run twice frees it at once.
On a full disk that only registry:2 or registry:3 has used it first removes, for good, as little as it needs to begin: stop
that registry before.
On a filesystem without file locks (some network filesystems) it refuses to run while a server may be at work: stop every
server first, and say so with --offline.
With rules in gc.keep, tags that no rule keeps are removed, and a grace later the manifests that they led to; --dry-run
gives the reason for each tag. Immutable tags stay.
Something that cannot be read or leads nowhere (a tag whose manifest is not linked, an image without the link of a layer)
is named, protects its repository until \`registry verify --repair\` has repaired it, and makes the exit code 1.`,
  flags: [
    dataFlag,
    { name: "dry-run", short: "d", help: "list what would be removed, and why; remove nothing" },
    {
      name: "delete-untagged",
      short: "m",
      help: "also remove manifests without a tag, a kept index or a kept subject",
    },
    { name: "grace", value: "DURATION", help: "minimum age of what is removed, such as 2h (default gc.grace, 24h)" },
    { name: "offline", help: "no server uses this data now: needed only on a filesystem without file locks" },
    { name: "json", help: "one JSON object per line: removals, findings, and finally the summary" },
    { name: "quiet", short: "q", help: "print only what a person should look at" },
  ],
  run: gc,
};

async function gc(words: ParsedWords, io: CommandIo): Promise<number> {
  const grace = parseGrace(flagOf(words, "grace"));
  const judge = (configuration: Configuration): RoomOptions => ({
    graceMs: grace ?? configuration.gc.grace,
    uploadAgeMs: abandonedAfterMs(configuration),
    rules: rulesOf(configuration.validation),
  });
  const makeRoomHere = (store: Store, configuration: Configuration) => makeRoom(store, judge(configuration));
  const call = { words, io, makeRoom: hasFlag(words, "dry-run") ? undefined : makeRoomHere };
  return await withMeantStore(call, async (meant) => {
    if (!hasFlag(words, "dry-run")) requireRemoval(meant);
    return await collect(meant, { words, io, judged: judge(meant.configuration) });
  });
}

async function collect(
  { store, configuration }: MeantStore,
  { words, io, judged }: { readonly words: ParsedWords; readonly io: CommandIo; readonly judged: RoomOptions },
): Promise<number> {
  const isDryRun = hasFlag(words, "dry-run");
  const { graceMs } = judged;
  const isQuiet = hasFlag(words, "quiet");
  const output = hasFlag(words, "json") ? jsonLines(io, { isQuiet }) : textOutput(io, { isDryRun, isQuiet, graceMs });
  const outcome = await collectOrExplain(store, {
    ...judged,
    deletesUntagged: hasFlag(words, "delete-untagged") || configuration.gc.deleteuntagged,
    keep: keepOf(configuration),
    isDryRun,
    isOffline: hasFlag(words, "offline"),
    note: describeHolder(io.now()),
    report: output.report,
  });
  if ("heldBy" in outcome) throw new CommandError(`another collection is in progress: ${outcome.heldBy}`);
  output.finish(outcome);
  return outcome.findings > 0 ? 1 : 0;
}

async function collectOrExplain(store: Store, options: GcOptions): Promise<GcSummary | { readonly heldBy: string }> {
  try {
    return await collectGarbage(store, options);
  } catch (error) {
    throw error instanceof UnprotectedError ? new CommandError(unprotected) : error;
  }
}

const unprotected =
  "file locks do not work on the data's filesystem, and beside a server a collection would take what it has just " +
  "acknowledged; stop every server that uses this data, and then run `registry gc --offline`";

function parseGrace(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const graceMs = parseDuration(text);
  if (graceMs === undefined || graceMs < 0) throw new UsageError(`--grace is not a duration such as 2h: ${text}`);
  return graceMs;
}

function textOutput(
  io: CommandIo,
  { isDryRun, isQuiet, graceMs }: { readonly isDryRun: boolean; readonly isQuiet: boolean; readonly graceMs: number },
): WorkOutput<GcEvent, GcSummary> {
  const progress = createProgress(io);
  return {
    report: (event) => {
      if (event.kind === "progress") {
        if (!isQuiet) progress.update(`${event.phase}: ${event.done}`);
        return;
      }
      if (event.kind !== "finding" && (isQuiet || !isDryRun)) return;
      progress.clear();
      if (event.kind === "kept") io.stdout(`would keep the tag ${event.tag} of ${event.repository}: ${event.reason}\n`);
      else if (event.kind === "finding") io.stderr(`finding: ${event.problem}\n`);
      else io.stdout(formatRemoval(event));
    },
    finish: (summary) => {
      progress.clear();
      if (!isQuiet) io.stdout(formatSummary(summary, graceMs));
    },
  };
}

function formatRemoval({
  what,
  subject,
  repository,
  reason,
  sizeBytes,
}: Extract<GcEvent, { kind: "removal" }>): string {
  const where = repository === undefined || what === "repository" ? "" : ` of ${repository}`;
  const size = sizeBytes === undefined ? "" : ` (${formatSize(sizeBytes)})`;
  return `would remove the ${what} ${subject}${where}${size}: ${reason}\n`;
}

/** How much is garbage, and when its space will be freed. */
function formatSummary(summary: GcSummary, graceMs: number): string {
  const { isDryRun, repositories, busy, marked, tags, revisions, layerLinks, inTrash, waiting, purged } = summary;
  const would = isDryRun ? "would be " : "";
  const after = graceMs === 0 ? "by the next run" : `after ${formatDuration(graceMs)}`;
  const entries = summary.referrers === 0 ? "" : `, ${counted(summary.referrers, "stale referrer entry")}`;
  const rest = [
    ...(tags === 0 ? [] : [`${would}untagged by gc.keep: ${counted(tags, "tag")}`]),
    ...(waiting === 0 ? [] : [`waiting: ${blobs(waiting, summary.waitingBytes)}, younger than the grace`]),
    ...(summary.restored === 0 ? [] : [`${would}restored: ${counted(summary.restored, "blob")} that a link needs`]),
    ...(summary.uploads + summary.temporaryFiles === 0
      ? []
      : [
          `${would}removed: ${counted(summary.uploads, "abandoned upload")}, ${counted(summary.temporaryFiles, "temporary file")}`,
        ]),
    ...(busy === 0 ? [] : [`busy, and left alone: ${counted(busy, "repository")}`]),
    ...(summary.findings === 0 ? [] : [`findings: ${summary.findings}; \`registry verify\` tells more`]),
  ];
  return `${[
    `needed: ${counted(marked, "digest")} in ${counted(repositories, "repository")}`,
    `${would}unlinked: ${counted(revisions, "manifest")}, ${counted(layerLinks, "blob")}${entries}`,
    `${blobs(inTrash, summary.inTrashBytes)}, ${inTrash === 1 ? "is" : "are"} garbage; free ${after}`,
    `${would}freed: ${blobs(purged, summary.freedBytes)}`,
    ...rest,
  ].join("\n")}\n`;
}

function blobs(count: number, sizeBytes: number): string {
  return `${counted(count, "blob")}, ${formatSize(sizeBytes)}`;
}
