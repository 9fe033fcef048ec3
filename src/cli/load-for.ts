// The configuration of a command: its file, its flags and the variables, with mistakes as lines for the user.
import type { ConfigurationFlags } from "../config/flags.ts";
import { ConfigurationError, type LoadedConfiguration, loadConfiguration } from "../config/load.ts";
import { CommandError, type CommandIo, flagOf, type ParsedWords, UsageError } from "./command.ts";

/** Loads what the words of a command mean: `[config.yml]`, `--data` and the flags that it has beside. */
export async function loadFor(
  words: ParsedWords,
  io: CommandIo,
  flags: Omit<ConfigurationFlags, "rootDirectory"> = {},
): Promise<LoadedConfiguration> {
  try {
    return await loadConfiguration({
      path: words.positionals[0],
      env: io.env,
      flags: { ...flags, rootDirectory: flagOf(words, "data") },
    });
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    const { problems } = error;
    // What begins with a flag is wrong in the words of the command.
    if (problems.every((problem) => problem.startsWith("--"))) throw new UsageError(problems.join("; "));
    const hint = words.repeatHint === undefined ? "" : ` (${words.repeatHint})`;
    throw new CommandError(`${formatProblems(error)}${hint}`);
  }
}

/** One problem stands on the line. Several stand below it, and then what would only have been warned about. */
function formatProblems({ problems, warnings }: ConfigurationError): string {
  const lines = [...problems, ...warnings.map((warning) => `warning: ${warning}`)];
  if (lines.length === 1) return lines.join();
  const title = `the configuration has ${problems.length} problem${problems.length === 1 ? "" : "s"}`;
  return [title, ...lines.map((line) => `  ${line}`)].join("\n");
}
