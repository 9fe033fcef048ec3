// The help texts, generated from the tables that are used for parsing.
import type { Command, Flag } from "./command.ts";

/** What the program is and which commands it has. */
export function formatOverview(commands: readonly Command[]): string {
  const rows = commands.map(
    ({ name, operands, summary }) => [`registry ${name} ${operands}`.trimEnd(), summary] as const,
  );
  return [
    "registry: a container registry in one file",
    "",
    "Usage:",
    ...alignColumns(rows),
    "",
    "Start with `registry serve`; `registry help <command>` tells more.",
    "",
  ].join("\n");
}

/** What one command does and which flags it has. */
export function formatHelp(command: Command): string {
  const flags = command.flags.length === 0 ? "" : " [flags]";
  const alias = command.alias === undefined ? [] : [`  registry ${command.alias} is the same.`, ""];
  const usage = `registry ${command.name}${flags} ${command.operands}`.trimEnd();
  const rows = command.flags.map((flag) => [formatFlag(flag), flag.help] as const);
  const flagLines = rows.length === 0 ? [] : ["", "Flags:", ...alignColumns(rows)];
  return ["Usage:", `  ${usage}`, "", ...alias, command.description, ...flagLines, ""].join("\n");
}

function formatFlag({ name, short, value, isRepeatable }: Flag): string {
  return `${short === undefined ? "" : `-${short}, `}--${name}${value === undefined ? "" : ` ${value}`}${isRepeatable ? " …" : ""}`;
}

function alignColumns(rows: readonly (readonly [string, string])[]): readonly string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}
