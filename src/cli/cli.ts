// Chooses the command, and turns its errors into messages and exit codes.
import { findNearest } from "../lib/nearest.ts";
import { type Command, CommandError, type CommandIo, parseWords, UsageError } from "./command.ts";
import { createCompletionCommand } from "./completion/completion.ts";
import { configCommand } from "./config.ts";
import { gcCommand } from "./gc.ts";
import { gencertCommand } from "./gencert.ts";
import { healthCommand } from "./health.ts";
import { formatHelp, formatOverview } from "./help.ts";
import { duCommand } from "./images/du.ts";
import { inspectCommand } from "./images/inspect.ts";
import { lsCommand } from "./images/ls.ts";
import { rmCommand } from "./images/rm.ts";
import { passwdCommand } from "./passwd.ts";
import { proxyCommand } from "./proxy.ts";
import { serveCommand } from "./serve.ts";
import { serviceCommand } from "./service/service.ts";
import { tokenCommand } from "./token.ts";
import { cpCommand } from "./transfer/cp.ts";
import { exportCommand } from "./transfer/export.ts";
import { importCommand } from "./transfer/import.ts";
import { migrateCommand } from "./transfer/migrate.ts";
import { syncCommand } from "./transfer/sync.ts";
import { trustCommand } from "./trust/trust.ts";
import { verifyCommand } from "./verify.ts";
import { versionCommand } from "./version.ts";

const usageExitCode = 64;

/** The commands that there are, for those that tell of them. */
const listCommands = (): readonly Command[] => commands;

const helpCommand: Command = {
  name: "help",
  summary: "shows help for the program or one command",
  operands: "[command]",
  maxOperands: 1,
  description: "Lists the commands, or tells what one of them does and which flags it has.",
  flags: [],
  run: async ({ positionals }, io) => {
    const [name] = positionals;
    io.stdout(name === undefined ? formatOverview(commands) : formatHelp(findCommand(name)));
    return 0;
  },
};

const commands: readonly Command[] = [
  serveCommand,
  proxyCommand,
  lsCommand,
  inspectCommand,
  rmCommand,
  duCommand,
  gcCommand,
  verifyCommand,
  cpCommand,
  exportCommand,
  importCommand,
  syncCommand,
  migrateCommand,
  configCommand,
  passwdCommand,
  tokenCommand,
  serviceCommand,
  healthCommand,
  gencertCommand,
  trustCommand,
  createCompletionCommand(listCommands),
  versionCommand,
  helpCommand,
];

/** Runs the command that the arguments name and returns the exit code: 0 done, 1 failed, 64 wrong usage. */
export async function runCli(args: readonly string[], io: CommandIo): Promise<number> {
  const [word, ...rest] = args;
  const asksForHelp = (text: string | undefined) => text === "--help" || text === "-h";
  const name =
    word === undefined || asksForHelp(word) ? "help" : word === "--version" || word === "-v" ? "version" : word;
  try {
    const command = findCommand(name);
    if (rest.some(asksForHelp)) {
      io.stdout(formatHelp(command));
      return 0;
    }
    return await command.run(parseWords(command, rest), io);
  } catch (error) {
    return explain(error, name, io);
  }
}

/** One line for what the user can fix; anything else is a bug of ours, shown with its stack. */
function explain(error: unknown, name: string, io: CommandIo): number {
  if (error instanceof UsageError) {
    const isKnown = name !== "help" && commands.some((command) => isCalled(command, name));
    io.stderr(`registry: ${error.message} (see \`registry help${isKnown ? ` ${name}` : ""}\`)\n`);
    return usageExitCode;
  }
  // Errors of the system are not bugs.
  if (!(error instanceof CommandError) && !(error instanceof Error && "syscall" in error)) throw error;
  io.stderr(`registry ${name}: ${error.message}\n`);
  return 1;
}

function isCalled(command: Command, name: string): boolean {
  return command.name === name || command.alias === name;
}

function findCommand(name: string): Command {
  const command = commands.find((candidate) => isCalled(candidate, name));
  if (command !== undefined) return command;
  const nearest = findNearest(
    name,
    commands.map((candidate) => candidate.name),
  );
  // The images of registry:2 and registry:3 accept a file without a command.
  const meant = /\.ya?ml$/.test(name) ? `\`registry serve ${name}\`` : nearest;
  throw new UsageError(
    `unknown command ${JSON.stringify(name)}${meant === undefined ? "" : `; did you mean ${meant}?`}`,
  );
}
