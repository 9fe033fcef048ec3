// registry verify

import { abandonedAfterMs } from "../app/store/chores.ts";
import { rulesOf } from "../app/store/manifest-rules.ts";
import { counted } from "../lib/counted.ts";
import { formatDuration } from "../lib/duration.ts";
import { formatSize, parseRate } from "../lib/size.ts";
import {
  type VerifyEvent,
  type VerifyProgress,
  type VerifySummary,
  verifyExitCode,
} from "../registry/verify/report.ts";
import { verifyStore } from "../registry/verify/verify.ts";
import { type Command, type CommandIo, flagOf, hasFlag, type ParsedWords, UsageError } from "./command.ts";
import { jsonLines, type WorkOutput } from "./json-lines.ts";
import { createProgress } from "./progress.ts";
import { dataFlag, withMeantStore } from "./store-command.ts";

/** Checks everything that is stored. */
export const verifyCommand: Command = {
  name: "verify",
  summary: "checks everything stored, even while servers are running",
  operands: "[config.yml]",
  maxOperands: 1,
  description: `Reads and hashes every blob, and follows every link, tag, manifest and referrer. Safe at any time: beside running
servers, pushes, deletes and garbage collection. What was only half done when it was looked at is no finding.
Run as root, it continues as the user who owns the data.

Blobs whose bytes are damaged are marked: for every server they count as missing from then on, and the next push heals
them. Nothing else is changed.

--repair writes links and indexes that are missing or damaged, restores from the trash what is needed, and moves
damaged bytes out of the way, into the trash. What a link leads to that it makes is checked as well. The only thing that
it takes away for good is the link of a manifest whose bytes are nowhere and to which nothing leads, as a push leaves that
was broken off. What clients deleted is not restored.

Exit codes: 0 clean (or all repaired), 1 something is left to repair or to tidy up, 2 data is lost.`,
  flags: [
    dataFlag,
    { name: "repair", help: "repair what can be repaired" },
    {
      name: "rate",
      value: "RATE",
      help: "how many bytes of blobs to read per second, such as 200MB/s (default: no limit)",
    },
    { name: "json", help: "one JSON object per line: findings, repairs, and finally the summary" },
  ],
  run: verify,
};

async function verify(words: ParsedWords, io: CommandIo): Promise<number> {
  const bytesPerSecond = parseRateFlag(flagOf(words, "rate"));
  return await withMeantStore({ words, io }, async ({ store, configuration }) => {
    const output = hasFlag(words, "json") ? jsonLines(io) : textOutput(io);
    const summary = await verifyStore(store, {
      rules: rulesOf(configuration.validation),
      isRepairing: hasFlag(words, "repair"),
      bytesPerSecond,
      uploadAgeMs: abandonedAfterMs(configuration),
      report: output.report,
    });
    output.finish(summary);
    return verifyExitCode(summary);
  });
}

function parseRateFlag(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const rate = parseRate(text);
  if (rate === undefined || rate === 0) throw new UsageError(`--rate is not a rate such as 200MB/s: ${text}`);
  return rate;
}

function textOutput(io: CommandIo): WorkOutput<VerifyEvent, VerifySummary> {
  const progress = createProgress(io);
  const formatProgress = createProgressText();
  return {
    report: (event) => {
      if (event.kind === "progress") {
        progress.update(formatProgress(event, io.now()));
        return;
      }
      progress.clear();
      io.stdout(formatEvent(event));
    },
    finish: (summary) => {
      progress.clear();
      io.stdout(formatSummary(summary));
    },
  };
}

/** How far the check is and, if it is known how much there is, how long it still takes. */
function createProgressText(): (event: VerifyProgress, nowMs: number) => string {
  let started: { readonly atMs: number; readonly bytes: number } | undefined;
  return ({ phase, done, bytes, total }, nowMs) => {
    if (total === undefined) return `${phase}: ${done}`;
    started ??= { atMs: nowMs, bytes };
    const bytesPerMs = (bytes - started.bytes) / (nowMs - started.atMs);
    const leftMs = bytesPerMs > 0 ? Math.max(total.bytes - bytes, 0) / bytesPerMs : undefined;
    const left = leftMs === undefined ? "" : `, ${formatDuration(Math.ceil(leftMs / 1000) * 1000)} left`;
    return `${phase}: ${done} of ${total.count}, ${formatSize(bytes)} of ${formatSize(total.bytes)}${left}`;
  };
}

function formatEvent(event: Exclude<VerifyEvent, { kind: "progress" }>): string {
  if (event.kind === "repaired") return `${"".padEnd(severityWidth)}  ${event.how}: ${event.subject}\n`;
  if (event.kind === "broken") return `broken: ${event.image} (${event.reason}): push it again\n`;
  if (event.kind === "unrepaired")
    return `${"".padEnd(severityWidth)}  not repaired: ${event.subject}: ${event.reason}\n`;
  const where = event.repository === undefined ? "" : `${event.repository}: `;
  return `${event.severity.padEnd(severityWidth)}  ${where}${event.subject}: ${event.problem}\n`;
}

const severityWidth = "repairable".length;

function formatSummary(summary: VerifySummary): string {
  const { repositories, manifests, blobs, bytes, lost, repairable, untidy, repaired, quarantined, unconfirmed } =
    summary;
  const repairs =
    repaired + quarantined === 0 ? "" : `; ${repaired} repaired, ${counted(quarantined, "damaged blob")} moved away`;
  const busy =
    unconfirmed === 0
      ? ""
      : `; ${counted(unconfirmed, "repository")} ${unconfirmed === 1 ? "was" : "were"} busy: run it again`;
  return `checked   ${counted(repositories, "repository")}, ${counted(manifests, "manifest")}, ${counted(blobs, "blob")}, ${formatSize(bytes)}
findings  ${lost} lost, ${repairable} repairable, ${untidy} untidy${repairs}${busy}
`;
}
