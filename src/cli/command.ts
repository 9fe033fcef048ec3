// Commands: one table of flags, from which the arguments are parsed and the help is written.
import { parseArgs } from "node:util";
import type { SpawnWorker } from "../app/workers/worker-process.ts";
import { findNearest } from "../lib/nearest.ts";
import type { LineStream } from "../log/line-output.ts";

/** What a command needs from its process. */
export interface CommandIo {
  /** Writes text to standard output, returns when all of it was taken, and ends the command if it cannot be. */
  readonly stdout: (text: string) => void;
  /** The same for bytes; resolves when all of them were taken. */
  readonly stdoutBytes: (bytes: Uint8Array) => Promise<void>;
  /** The same for a server, which keeps running if nobody reads its start message. */
  readonly announce: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** Where a server's log goes: standard error. */
  readonly logStream: LineStream;
  /** Where a server's access log goes: standard output, but never waiting for its reader. */
  readonly accessStream: LineStream;
  /** Whether a person can be asked: standard input and output are terminals. */
  readonly isTerminal: boolean;
  /** Whether standard error is a terminal, so that a line may be rewritten. */
  readonly isErrorTerminal: boolean;
  /** Asks a question and returns the line of the answer. */
  readonly ask: (question: string) => Promise<string>;
  /** The same without showing what is typed; throws a CommandError if the terminal cannot do that. */
  readonly askSecret: (question: string) => Promise<string>;
  /** All of standard input. */
  readonly readInput: () => Promise<string>;
  /** The environment of this process, as its children get it. */
  readonly env: Record<string, string | undefined>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Starts this executable as a worker of a server; if absent, servers are one process. */
  readonly spawnWorker?: SpawnWorker;
}

/** A flag of a command. */
export interface Flag {
  /** Without the dashes. */
  readonly name: string;
  /** Its one-letter form, after one dash. */
  readonly short?: string;
  /** The placeholder for the value in the help; undefined for a switch. */
  readonly value?: string;
  readonly isRepeatable?: boolean;
  /** What the value may be, for completions. */
  readonly choices?: readonly string[];
  /** Its name in other programs, for a hint. */
  readonly elsewhere?: readonly string[];
  readonly help: string;
}

/** The parsed arguments of a command. */
export interface ParsedWords {
  readonly positionals: readonly string[];
  /** Values by flag, in order; a switch that was given has one empty value. */
  readonly flags: Readonly<Record<string, readonly string[]>>;
  /** What to type instead, if a positional was probably meant as one more value of the flag before it. */
  readonly repeatHint?: string;
}

/** One command of the program. */
export interface Command {
  readonly name: string;
  /** Its name in registry:2 and registry:3. */
  readonly alias?: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** The positionals in the usage line, such as "[config.yml]"; empty for none. */
  readonly operands: string;
  /** What the first positional may be, for completions. */
  readonly choices?: readonly string[];
  /** How many positionals are allowed. */
  readonly maxOperands: number;
  /** A paragraph or two for `help <command>`. */
  readonly description: string;
  readonly flags: readonly Flag[];
  /** Runs the command and returns the exit code: 0 done, 1 failed, 2 data lost. */
  readonly run: (words: ParsedWords, io: CommandIo) => Promise<number>;
}

/** Wrong usage: one line for the user, exit code 64. */
export class UsageError extends Error {}

/** A failure that the user can fix: one line, exit code 1. */
export class CommandError extends Error {}

/** Parses the arguments of a command; throws a UsageError that says what to do. */
export function parseWords(command: Command, words: readonly string[]): ParsedWords {
  const options = Object.fromEntries(
    command.flags.map(({ name, short, value }) => [
      name,
      {
        type: value === undefined ? ("boolean" as const) : ("string" as const),
        multiple: true,
        ...(short === undefined ? {} : { short }),
      },
    ]),
  );
  const { tokens } = parseArgs({
    args: spellOut(command, words),
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const flags: Record<string, string[]> = {};
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") positionals.push(token.value);
    if (token.kind !== "option") continue;
    const flag = findFlag(command, token.rawName, token.name);
    const value = flagValue(flag, token.value);
    if (value === undefined) continue;
    flags[flag.name] = [...(flags[flag.name] ?? []), value];
    if (!flag.isRepeatable && (flags[flag.name]?.length ?? 0) > 1)
      throw new UsageError(`--${flag.name} may be given only once`);
  }
  const repeatHint = findRepeatHint(command, tokens);
  const extra = positionals[command.maxOperands];
  if (extra !== undefined) {
    throw new UsageError(
      `unexpected argument ${JSON.stringify(extra)}${repeatHint === undefined ? "" : `; ${repeatHint}`}`,
    );
  }
  return { positionals, flags, ...(repeatHint === undefined ? {} : { repeatHint }) };
}

/** A token of parseArgs; a positional has no name. */
interface ParsedToken {
  readonly kind: string;
  readonly name?: string;
  readonly value?: string | undefined;
}

/** For a positional right after `--flag value`, as in `--for docker podman`. */
function findRepeatHint(command: Command, tokens: readonly ParsedToken[]): string | undefined {
  for (const [index, token] of tokens.entries()) {
    const before = tokens[index - 1];
    if (token.kind !== "positional" || before?.kind !== "option" || before.value === undefined) continue;
    const flag = command.flags.find(({ name }) => name === before.name);
    if (flag?.isRepeatable === true) {
      const flagged = `--${flag.name}`;
      return `to give ${flagged} several values, repeat it: ${flagged} ${before.value} ${flagged} ${token.value}`;
    }
  }
  return undefined;
}

function findFlag(command: Command, rawName: string, name: string): Flag {
  const flag = command.flags.find(
    (candidate) => candidate.name === name && [`--${name}`, `-${candidate.short}`].includes(rawName),
  );
  if (flag !== undefined) return flag;
  const meant = command.flags.find(({ elsewhere }) => elsewhere?.includes(name) === true);
  const nearest = findNearest(
    name,
    command.flags.map((candidate) => candidate.name),
  );
  const hint = meant === undefined ? nearest : `${meant.name} ${meant.value ?? ""}`.trim();
  throw new UsageError(`unknown flag ${rawName}${hint === undefined ? "" : `; did you mean --${hint}?`}`);
}

/** registry:2 and registry:3 accept `-m=true`, which elsewhere is a group of short flags. */
function spellOut({ flags }: Command, words: readonly string[]): string[] {
  const end = words.indexOf("--");
  return words.map((word, index) => {
    const [, short, value] = (end < 0 || index < end ? /^-([a-z])=(.*)$/.exec(word) : undefined) ?? [];
    const flag = flags.find((candidate) => candidate.short !== undefined && candidate.short === short);
    return flag === undefined ? word : `--${flag.name}=${value}`;
  });
}

/** As Go reads them. */
const truths: readonly string[] = ["1", "t", "T", "true", "TRUE", "True"];
const untruths: readonly string[] = ["0", "f", "F", "false", "FALSE", "False"];

/** Undefined for a switch that is turned off. */
function flagValue(flag: Flag, value: string | undefined): string | undefined {
  if (flag.value === undefined) {
    if (value === undefined || truths.includes(value)) return "";
    if (untruths.includes(value)) return undefined;
    throw new UsageError(`--${flag.name} takes no value but true or false`);
  }
  if (value === undefined || value === "" || value.startsWith("--"))
    throw new UsageError(`--${flag.name} needs a value: --${flag.name} ${flag.value}`);
  return value;
}

/** The one value of a flag, or undefined if it was not given. */
export function flagOf(words: ParsedWords, name: string): string | undefined {
  return words.flags[name]?.[0];
}

/** Whether a switch was given. */
export function hasFlag(words: ParsedWords, name: string): boolean {
  return words.flags[name] !== undefined;
}
