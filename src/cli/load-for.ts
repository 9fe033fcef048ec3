// The configuration of a command: its file, flags and variables, with mistakes as lines for the user.

import { ConfigurationError, type LoadedConfiguration, loadConfiguration } from "../config/load.ts";
import { counted } from "../lib/counted.ts";
import { CommandError, type CommandIo, type ParsedWords, UsageError } from "./command.ts";

/** Loads the configuration that the arguments mean: `[config.yml]`, and the flags that set keys. */
export async function loadFor(words: ParsedWords, io: CommandIo): Promise<LoadedConfiguration> {
  try {
    return await loadConfiguration({ path: words.positionals[0], env: io.env, flags: words.flags });
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    const { problems } = error;
    // A problem that begins with a flag is wrong usage.
    if (problems.every((problem) => problem.startsWith("--"))) throw new UsageError(problems.join("; "));
    const hint = words.repeatHint === undefined ? "" : ` (${words.repeatHint})`;
    throw new CommandError(`${formatProblems(error)}${hint}`);
  }
}

/** One problem goes on the line. Several go below it, followed by the warnings. */
function formatProblems({ problems, warnings }: ConfigurationError): string {
  const lines = [...problems, ...warnings.map((warning) => `warning: ${warning}`)];
  if (lines.length === 1) return lines.join();
  const title = `the configuration has ${counted(problems.length, "problem")}`;
  return [title, ...lines.map((line) => `  ${line}`)].join("\n");
}
