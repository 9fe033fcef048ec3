// The program: arguments in, exit code out.
import { isatty } from "node:tty";
import { findLine } from "./app/workers/worker-line.ts";
import { ownCommand, spawnWith } from "./app/workers/worker-process.ts";
import type { CommandIo } from "./cli/command.ts";
import { endProcess } from "./cli/interrupt.ts";
import { deliver, type OutputFailure, wasClosed, writeWhole } from "./cli/output.ts";
import { runProgram } from "./cli/program.ts";
import { askOnTerminal, askSecretOnTerminal } from "./cli/question.ts";
import { ignoreWeakeningVariables } from "./cli/weakening-variables.ts";
import type { LineStream } from "./log/line-output.ts";

/** What a shell reports of a program whose reader left (`| head`). */
const readerLeftExitCode = 141;

const drainMs = 5000;

/** Ends the command: what comes after output that was not delivered would only hide that. */
function endOutput(failure: OutputFailure): never {
  if (failure.kind === "left") process.exit(readerLeftExitCode);
  writeWhole(2, `registry: standard output cannot be written: ${failure.reason}\n`);
  process.exit(1);
}

/** Resolves when the stream has passed on what was written to it, or nobody has read on for a while. */
function drained(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write("", () => resolve());
    setTimeout(resolve, drainMs).unref();
  });
}

/** A standard stream, touched with its first line; a reader that is gone is no reason to stop serving. */
function lineStream(name: "stdout" | "stderr"): LineStream & { readonly end: () => Promise<void> } {
  let isUsed = false;
  const open = () => {
    if (!isUsed) process[name].on("error", () => {});
    isUsed = true;
    return process[name];
  };
  return {
    write: (text) => open().write(text),
    once: (event, listener) => open().once(event, listener),
    end: async () => (isUsed ? drained(process[name]) : undefined),
  };
}

const closed: OutputFailure | undefined = wasClosed(1) ? { kind: "refused", reason: "it is closed" } : undefined;
const stdout = (text: string): void => {
  const failure = closed ?? writeWhole(1, text);
  if (failure !== undefined) endOutput(failure);
};
const stdoutBytes = async (bytes: Uint8Array): Promise<void> => {
  const failure = closed ?? (await deliver(1, bytes));
  if (failure !== undefined) endOutput(failure);
};

// This is where the environment comes in.
const { env } = process;
// Before anything is sent.
for (const sentence of ignoreWeakeningVariables(env)) writeWhole(2, `registry: warning: ${sentence}\n`);

const accessStream = lineStream("stdout");
const io: CommandIo = {
  stdout,
  stdoutBytes,
  announce: (text) => void writeWhole(1, text),
  stderr: (text) => void process.stderr.write(text),
  logStream: lineStream("stderr"),
  accessStream,
  isTerminal: isatty(0) && isatty(1),
  isErrorTerminal: isatty(2),
  ask: (question) => askOnTerminal(question, { write: stdout, exit: endProcess }),
  askSecret: (question) => askSecretOnTerminal(question, { write: stdout, exit: endProcess }),
  readInput: () => Bun.stdin.text(),
  env,
  now: Date.now,
  spawnWorker: spawnWith(ownCommand(Bun.main, process.execPath), env),
};
const exitCode = await runProgram(process.argv.slice(2), io, findLine(process));
await Promise.all([drained(process.stderr), accessStream.end()]);
endProcess(exitCode);
