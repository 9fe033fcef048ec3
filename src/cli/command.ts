// What a command is: one table of flags from which it is parsed and its help is written.
import { parseArgs } from "node:util";
import { findNearest } from "../lib/nearest.ts";

/** The world as a command sees it. */
export interface CommandIo {
  /** Writes text to standard output; returns when it was taken whole, and ends the command where it cannot be. */
  readonly stdout: (text: string) => void;
  /** The same for a server, which goes on where nobody reads its start message. */
  readonly announce: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** Whether a person can be asked: standard input and output are terminals. */
  readonly isTerminal: boolean;
  /** Whether standard error is one, so that a line of it may change. */
  readonly isErrorTerminal: boolean;
  /** Asks a question and gives the answer's line. */
  readonly ask: (question: string) => Promise<string>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** A flag of a command. */
export interface Flag {
  /** Without the dashes. */
  readonly name: string;
  /** One letter that stands for it after one dash. */
  readonly short?: string;
  /** What stands for the value in the help; undefined for a switch. */
  readonly value?: string;
  readonly isRepeatable?: boolean;
  /** What other programs call it, so that a mistyped flag can be told apart from an unknown one. */
  readonly elsewhere?: readonly string[];
  readonly help: string;
}

/** The words after a command, parsed. */
export interface ParsedWords {
  readonly positionals: readonly string[];
  /** Values by flag, in their order; a switch that was given has one empty value. */
  readonly flags: Readonly<Record<string, readonly string[]>>;
  /** What to type instead, where a positional may have been meant as one more value of the flag before it. */
  readonly repeatHint?: string;
}

/** One command of the program. */
export interface Command {
  readonly name: string;
  /** What registry:2 and registry:3 call it. */
  readonly alias?: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What stands after the name, such as "[config.yml]"; empty for nothing. */
  readonly operands: string;
  /** How many of them there may be. */
  readonly maxOperands: number;
  /** A paragraph or two for `help <command>`. */
  readonly description: string;
  readonly flags: readonly Flag[];
  /** Carries the command out and gives the exit code: 0 done, 1 failed, 2 data lost. */
  readonly run: (words: ParsedWords, io: CommandIo) => Promise<number>;
}

/** A mistake in the words of a command: one line for the user, exit code 64. */
export class UsageError extends Error {}

/** A failure that the user can mend: one line, exit code 1. */
export class CommandError extends Error {}

/** Parses the words after a command; throws a UsageError that says what to do. */
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

/** A word as parseArgs read it; a positional has no name. */
interface Token {
  readonly kind: string;
  readonly name?: string;
  readonly value?: string | undefined;
}

/** For a positional right behind `--flag value`, as in `--for docker podman`. */
function findRepeatHint(command: Command, tokens: readonly Token[]): string | undefined {
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

/** registry:2 and registry:3 take `-m=true`, which elsewhere means a row of letters. */
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

/** Undefined for a switch that is switched off. */
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

/** The one value of a flag, or undefined where it was not given. */
export function flagOf(words: ParsedWords, name: string): string | undefined {
  return words.flags[name]?.[0];
}

/** Whether a switch was given. */
export function hasFlag(words: ParsedWords, name: string): boolean {
  return words.flags[name] !== undefined;
}
