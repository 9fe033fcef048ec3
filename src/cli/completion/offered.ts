// What a shell can offer: the tables of the commands, with what each operand and each flag takes. Pure.
import type { Command, Flag } from "../command.ts";

/** What can be completed: one of some words, a file, a directory, or something that cannot be guessed. */
export type Offer =
  | { readonly kind: "words"; readonly words: readonly string[] }
  | { readonly kind: "file" | "directory" | "text" };

/** A command with what follows it. */
export interface OfferedCommand {
  /** Its name, and its alias where it has one. */
  readonly names: readonly string[];
  readonly summary: string;
  readonly flags: readonly OfferedFlag[];
  /** The first operand. */
  readonly first: Offer;
  /** The operands after it. */
  readonly rest: Offer;
}

/** A flag with what follows it. */
export interface OfferedFlag {
  readonly name: string;
  readonly short: string | undefined;
  readonly isRepeatable: boolean;
  readonly help: string;
  /** Undefined for a switch. */
  readonly value: Offer | undefined;
}

const help: OfferedFlag = { name: "help", short: "h", isRepeatable: false, help: "show help", value: undefined };

/** Describes the commands for the scripts. */
export function describeCommands(commands: readonly Command[]): readonly OfferedCommand[] {
  const names = commands.map(({ name }) => name);
  return commands.map((command) => {
    const operands = command.operands === "[command]" ? wordsOf(names) : offerFor(command.operands);
    return {
      names: [command.name, ...(command.alias === undefined ? [] : [command.alias])],
      summary: command.summary,
      flags: [...command.flags.map(offerFlag), help],
      first: command.choices === undefined ? operands : wordsOf(command.choices),
      rest: command.maxOperands > 1 ? operands : { kind: "text" },
    };
  });
}

/** The flags that take a value: what follows one of them is no operand. */
export function listValued(commands: readonly OfferedCommand[]): readonly string[] {
  const valued = commands.flatMap(({ flags }) => flags.filter(({ value }) => value !== undefined));
  return [...new Set(valued.map(({ name }) => `--${name}`))];
}

function offerFlag({ name, short, value, isRepeatable = false, choices, help: text }: Flag): OfferedFlag {
  const offer = choices === undefined ? offerFor(value ?? "") : wordsOf(choices);
  return { name, short, isRepeatable, help: text, value: value === undefined ? undefined : offer };
}

/** By its placeholder; an archive or a layout is a file too. */
function offerFor(placeholder: string): Offer {
  if (placeholder === "DIR") return { kind: "directory" };
  return { kind: /FILE|config\.yml|<from>/.test(placeholder) ? "file" : "text" };
}

function wordsOf(words: readonly string[]): Offer {
  return { kind: "words", words };
}
