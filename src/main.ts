// The program: arguments in, exit code out.
import { isatty } from "node:tty";
import { runCli } from "./cli/cli.ts";
import { type OutputFailure, wasClosed, writeWhole } from "./cli/output.ts";
import { askOnTerminal, askSecretOnTerminal } from "./cli/question.ts";
import { ignoreWeakeningVariables } from "./cli/weakening-variables.ts";

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

const isClosed = wasClosed(1);
const stdout = (text: string): void => {
  const failure: OutputFailure | undefined = isClosed
    ? { kind: "refused", reason: "it is closed" }
    : writeWhole(1, text);
  if (failure !== undefined) endOutput(failure);
};

// This is where the environment comes in.
const { env } = process;
// Before anything is sent.
for (const sentence of ignoreWeakeningVariables(env)) writeWhole(2, `registry: warning: ${sentence}\n`);

const exitCode = await runCli(process.argv.slice(2), {
  stdout,
  announce: (text) => void writeWhole(1, text),
  stderr: (text) => void process.stderr.write(text),
  isTerminal: isatty(0) && isatty(1),
  isErrorTerminal: isatty(2),
  ask: (question) => askOnTerminal(question, { write: stdout, exit: (code) => process.exit(code) }),
  askSecret: (question) => askSecretOnTerminal(question, { write: stdout, exit: (code) => process.exit(code) }),
  readInput: () => Bun.stdin.text(),
  env,
  now: Date.now,
});
await drained(process.stderr);
process.exit(exitCode);
