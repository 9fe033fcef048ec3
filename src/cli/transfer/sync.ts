// registry sync
import { describeHolder } from "../../app/store/chores.ts";
import { mirrorsOf } from "../../app/transfers/mirrors.ts";
import { openCopiedStore } from "../../app/transfers/places.ts";
import { type SyncDependencies, type SyncEvent, syncMirrors } from "../../app/transfers/sync.ts";
import { showStranger } from "../../lib/quoted.ts";
import { formatSize } from "../../lib/size.ts";
import { type Command, CommandError, type CommandIo, hasFlag, type ParsedWords } from "../command.ts";
import { interruptibly } from "../interrupt.ts";
import { dataFlag, type MeantStore, registryDependencies, withMeantStore } from "../store-command.ts";

/** Brings the configured mirrors up to date. */
export const syncCommand: Command = {
  name: "sync",
  summary: "brings the mirrors of the configuration up to date",
  operands: "[config.yml]",
  maxOperands: 1,
  description: `Copies what the section sync of the configuration names from other registries into the store, now and once, also
beside running servers; a server does the same by itself, each mirror in its interval. Digests never change, and what is
there is not fetched again. What was removed there stays here unless the mirror says delete: true. A mirror, or a tag, that
fails does not stop the others, and makes the exit code 1; so does an immutable tag that would have to move.
The section is described in docs/copying.md.`,
  flags: [
    dataFlag,
    { name: "plain-http", elsewhere: ["insecure", "http"], help: "speak plain HTTP with registries" },
    { name: "quiet", short: "q", help: "print only what failed" },
  ],
  run: sync,
};

async function sync(words: ParsedWords, io: CommandIo): Promise<number> {
  return await interruptibly(io, (signal) =>
    withMeantStore({ words, io }, (meant) => syncStore(meant, { words, io, signal })),
  );
}

async function syncStore(
  { store, configuration }: MeantStore,
  { words, io, signal }: { readonly words: ParsedWords; readonly io: CommandIo; readonly signal: AbortSignal },
): Promise<number> {
  const mirrors = mirrorsOf(configuration);
  if (mirrors.length === 0) throw new CommandError("the configuration has no mirrors; name them in its section sync");
  const copied = openCopiedStore(store, configuration);
  const isQuiet = hasFlag(words, "quiet");
  const dependencies: SyncDependencies = {
    ...registryDependencies(words, io),
    signal,
    copied,
    told: copied.registry,
    note: describeHolder(io.now()),
    report: (event) => {
      const line = formatSyncEvent(event);
      if (event.kind === "failed") io.stderr(line);
      else if (!isQuiet) io.stdout(line);
    },
  };
  const outcome = await syncMirrors(mirrors, dependencies);
  if ("heldBy" in outcome) throw new CommandError(`mirrors are being brought up to date already: ${outcome.heldBy}`);
  return outcome.failed > 0 ? 1 : 0;
}

const maxShown = 2000;

/** One line. */
export function formatSyncEvent(event: SyncEvent): string {
  switch (event.kind) {
    case "copied":
      return `${event.from} -> ${event.to} ${event.digest}\n`;
    case "deleted":
      return `deleted ${event.to}, which is no longer there\n`;
    case "failed":
      return `failed: ${event.what}: ${showStranger(event.problem, maxShown)}\n`;
    case "mirrored": {
      const { mirror, copied, unchanged, deleted, failed, sentBytes } = event;
      const rest = `${deleted === 0 ? "" : `, ${deleted} deleted`}${failed === 0 ? "" : `, ${failed} failed`}`;
      return `${mirror}: ${copied} copied, ${unchanged} unchanged${rest}; ${formatSize(sentBytes)}\n`;
    }
  }
}
