// registry migrate

import { statSync } from "node:fs";
import { StartError } from "../../app/start-error.ts";
import { openExistingStore, openStore } from "../../app/store/open-store.ts";
import { type MigrationEvent, type MigrationSummary, migrateStore } from "../../app/transfers/migrate.ts";
import type { CopiedStore } from "../../app/transfers/places.ts";
import { counted } from "../../lib/counted.ts";
import { formatSize, parseRate } from "../../lib/size.ts";
import { errorCode, messageOf } from "../../lib/system-error.ts";
import { openRegistry } from "../../registry/registry.ts";
import { createThrottle } from "../../registry/verify/throttle.ts";
import { startCopyRun } from "../../transfer/copy.ts";
import type { CopySummary } from "../../transfer/copy-report.ts";
import {
  type Command,
  CommandError,
  type CommandIo,
  flagOf,
  hasFlag,
  type ParsedWords,
  UsageError,
} from "../command.ts";
import { interruptibly } from "../interrupt.ts";
import { loadFor } from "../load-for.ts";
import { createCopyProgress } from "./copy-progress.ts";

/** Moves a store to another place. */
export const migrateCommand: Command = {
  name: "migrate",
  summary: "moves everything from one store to another, while both are used",
  operands: "<from> <to>",
  maxOperands: 2,
  description: `Copies every repository of one store into another: tags, the manifests without tags, and the blobs that they name. Each of
the two is a data directory, or the configuration file of a registry.

  registry migrate /var/lib/registry new.yml
  registry migrate old.yml new.yml --rate 100MB/s

Servers may use both meanwhile. Every blob is hashed before it counts, and what is there already is not sent again: an
interrupted run resumes where it was, and a later one brings what was pushed meanwhile. So: run it, run it again, make the
old registry read-only (storage.maintenance.readonly), run it a last time, and send clients to the new one. Not again after
that: each run sets the tags of the new store to what they lead to in the old one.

Not moved: repositories that are cached from other registries, which come again by themselves; users, tokens and
certificates; notifications that were not delivered yet; and that a tag was deleted. REGISTRY_* variables do not count here,
since there are two configurations.
Exit code 1 if something could not be moved; the rest is.`,
  flags: [
    {
      name: "rate",
      value: "RATE",
      help: "how many bytes of blobs to read per second, such as 100MB/s (default: no limit)",
    },
    { name: "json", help: "one JSON object per line: repositories, problems, and finally the summary" },
    { name: "quiet", short: "q", help: "print only problems" },
  ],
  run: migrate,
};

async function migrate(words: ParsedWords, io: CommandIo): Promise<number> {
  const [from, to] = words.positionals;
  if (from === undefined || to === undefined) throw new UsageError("migrate needs two stores: migrate <from> <to>");
  const bytesPerSecond = parseRateFlag(flagOf(words, "rate"));
  const output = outputOf(words, io);
  return await interruptibly(io, async (signal) => {
    const stores = { from: await open(from, io, { isThere: true }), to: await open(to, io, { isThere: false }) };
    if (stores.from.place === stores.to.place) throw new UsageError(`${from} and ${to} are the same store`);
    const progress = createCopyProgress(
      hasFlag(words, "quiet") || hasFlag(words, "json") ? { ...io, stderr: () => {} } : io,
    );
    const report = (event: MigrationEvent) => {
      progress.clear();
      output.report(event);
    };
    const options = {
      run: startCopyRun(progress.report, signal),
      throttle: createThrottle(bytesPerSecond, io.now),
      report,
    };
    const summary = await migrateStore(stores.from, stores.to, options)
      .catch((error: unknown) => {
        throw signal.aborted || errorCode(error) === undefined ? error : new CommandError(explain(error));
      })
      .finally(() => progress.clear());
    output.finish(summary, progress.summary());
    if (summary.repositories + summary.cached === 0) {
      io.stderr(
        `warning: there is no repository in ${stores.from.place}; if you expected some, check its directory, bucket and prefix\n`,
      );
    }
    return summary.problems > 0 ? 1 : 0;
  });
}

/** Of the disk or the object store. */
function explain(error: unknown): string {
  return `${messageOf(error)}: fix that and run it again; it resumes where it stopped`;
}

function parseRateFlag(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const rate = parseRate(text);
  if (rate === undefined || rate === 0) throw new UsageError(`--rate is not a rate such as 100MB/s: ${text}`);
  return rate;
}

/** A directory, or what a configuration file says. Whatever manifests the old store took, the new one takes, too. */
async function open(
  operand: string,
  io: CommandIo,
  { isThere }: { readonly isThere: boolean },
): Promise<CopiedStore & { readonly place: string }> {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(operand)) {
    throw new UsageError(`${operand} is an address; name a bucket by the configuration file of its registry`);
  }
  const isFile = statSync(operand, { throwIfNoEntry: false })?.isFile() ?? /\.ya?ml$/.test(operand);
  const words = { positionals: isFile ? [operand] : [], flags: isFile ? {} : { data: [operand] } };
  const env = Object.fromEntries(Object.entries(io.env).filter(([name]) => !name.startsWith("REGISTRY_")));
  const { configuration } = await loadFor(words, { ...io, env });
  const warn = (warning: string) => io.stderr(`warning: ${warning}\n`);
  const dependencies = { env, now: io.now, warn, isCommand: true };
  try {
    const opened = await (isThere ? openExistingStore : openStore)(configuration, dependencies);
    const rules = { urls: "any", children: "none" } as const;
    const registry = openRegistry(opened.store, { rules });
    return { store: opened.store, registry, place: opened.place };
  } catch (error) {
    throw error instanceof StartError ? new CommandError(error.message) : error;
  }
}

interface MigrationOutput {
  report(event: MigrationEvent): void;
  finish(summary: MigrationSummary, copied: CopySummary): void;
}

function outputOf(words: ParsedWords, io: CommandIo): MigrationOutput {
  const isQuiet = hasFlag(words, "quiet");
  if (hasFlag(words, "json")) {
    const write = (value: object) => io.stdout(`${JSON.stringify(value)}\n`);
    return {
      report: (event) => {
        if (!isQuiet || event.kind === "problem") write(event);
      },
      finish: (summary, { sentBlobs, sentBytes, skippedBytes }) =>
        write({ kind: "summary", ...summary, sentBlobs, sentBytes, skippedBytes }),
    };
  }
  return {
    report: (event) => {
      if (event.kind === "problem") io.stdout(`${event.name}: ${event.what}: ${event.problem}\n`);
      else if (!isQuiet) io.stdout(formatEvent(event));
    },
    finish: (summary, copied) => {
      if (!isQuiet) io.stdout(formatSummary(summary, copied));
    },
  };
}

function formatEvent(event: Exclude<MigrationEvent, { readonly kind: "problem" }>): string {
  if (event.kind === "cached") return `${event.name}: left out, since it is cached from ${event.upstream}\n`;
  return `${event.name}: ${counted(event.tags, "tag")}, ${counted(event.manifests, "manifest")}\n`;
}

function formatSummary({ repositories, problems }: MigrationSummary, copied: CopySummary): string {
  const { sentBlobs, sentBytes, skippedBytes } = copied;
  const sent = `sent ${counted(sentBlobs, "blob")}, ${formatSize(sentBytes)}; ${formatSize(skippedBytes)} were there`;
  const failed = problems === 0 ? "" : `; ${problems} could not be moved`;
  return `${counted(repositories, "repository")} ${repositories === 1 ? "is" : "are"} in the new place: ${sent}${failed}\n`;
}
