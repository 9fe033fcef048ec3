// registry completion
import { type Command, type CommandIo, type ParsedWords, UsageError } from "../command.ts";
import { formatBash } from "./bash.ts";
import { formatFish } from "./fish.ts";
import { describeCommands, type OfferedCommand } from "./offered.ts";
import { formatZsh } from "./zsh.ts";

/** What writes the script of each shell. */
const shells: Readonly<Record<string, (commands: readonly OfferedCommand[]) => string>> = {
  bash: formatBash,
  zsh: formatZsh,
  fish: formatFish,
};

/** The command that prints a script with which a shell completes these commands. */
export function createCompletionCommand(listCommands: () => readonly Command[]): Command {
  return {
    name: "completion",
    summary: "prints completions for bash, zsh or fish",
    operands: "bash|zsh|fish",
    choices: Object.keys(shells),
    maxOperands: 1,
    description: `Prints a script with which the shell completes commands, flags and their values.

  source <(registry completion bash)      # in ~/.bashrc; or once, for everybody:
  registry completion bash > /usr/share/bash-completion/completions/registry
  source <(registry completion zsh)       # in ~/.zshrc, after compinit; or once, for everybody:
  registry completion zsh > /usr/local/share/zsh/site-functions/_registry
  registry completion fish > ~/.config/fish/completions/registry.fish`,
    flags: [],
    run: async ({ positionals: [shell] }: ParsedWords, io: CommandIo) => {
      const format = shell !== undefined && Object.hasOwn(shells, shell) ? shells[shell] : undefined;
      if (format === undefined) throw new UsageError(`for which shell? say ${Object.keys(shells).join(", ")}`);
      io.stdout(format(describeCommands(listCommands())));
      return 0;
    },
  };
}
