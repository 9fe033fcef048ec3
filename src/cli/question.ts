// A question to the person at the terminal. The terminal stays in its usual mode, which handles line editing, Ctrl-D,
// Ctrl-Z and `fg`.
import { read as readCallback } from "node:fs";
import { promisify } from "node:util";
import { CommandError } from "./command.ts";
import { exitCodeOf } from "./interrupt.ts";

const read = promisify(readCallback) as (
  descriptor: number,
  buffer: Uint8Array,
  offset: number,
  length: number,
  position: null,
) => Promise<{ readonly bytesRead: number }>;

const maxAnswerBytes = 4096;
const endings = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const;

/** What asking needs. */
export interface QuestionIo {
  readonly write: (text: string) => void;
  /** Ends the process, with the code that a shell reports for the signal that it got. */
  readonly exit: (code: number) => void;
}

/** Asks and returns the line that was typed; empty at end of input (Ctrl-D). Ctrl-C ends the process with 130. */
export async function askOnTerminal(question: string, { write, exit }: QuestionIo): Promise<string> {
  using _interrupt = onSignals(["SIGINT"], (code) => {
    write("\n");
    exit(code);
  });
  write(question);
  const { line, isAtEnd } = await readLine();
  if (isAtEnd) write("\n");
  return line;
}

/** The same, while the terminal does not show what is typed. Throws a CommandError if it cannot be told to. */
export async function askSecretOnTerminal(question: string, { write, exit }: QuestionIo): Promise<string> {
  // These come first and go last: a signal that ended the process in between would leave the terminal silent.
  using _endings = onSignals(endings, (code) => {
    setEcho(true);
    write("\n");
    exit(code);
  });
  using _stops = onSignals(["SIGTSTP"], () => {
    setEcho(true);
    process.kill(process.pid, "SIGSTOP");
    setEcho(false);
    write(question);
  });
  try {
    if (!setEcho(false)) throw new CommandError("this terminal cannot hide what is typed; give --password-stdin");
    write(question);
    return (await readLine()).line;
  } finally {
    setEcho(true);
    write("\n");
    // A signal that came during that is told in the next turn.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function readLine(): Promise<{ readonly line: string; readonly isAtEnd: boolean }> {
  const buffer = new Uint8Array(maxAnswerBytes);
  const { bytesRead } = await read(0, buffer, 0, maxAnswerBytes, null);
  const [line = ""] = new TextDecoder().decode(buffer.subarray(0, bytesRead)).split(/\r?\n/, 1);
  return { line, isAtEnd: bytesRead === 0 };
}

/** Acts on the signals, with the exit code that stands for each, until it is disposed of. */
function onSignals(names: readonly NodeJS.Signals[], act: (code: number) => void): Disposable {
  const listeners = names.map((name) => [name, () => act(exitCodeOf(name))] as const);
  for (const [name, listener] of listeners) process.on(name, listener);
  return {
    [Symbol.dispose]: () => {
      for (const [name, listener] of listeners) process.off(name, listener);
    },
  };
}

/** Ctrl-C goes to every process on the terminal, this short-lived one too. */
const maxInterruptions = 10;

/** Whether the terminal now shows what is typed, or no longer does. */
function setEcho(isOn: boolean): boolean {
  for (let interruptions = 0; interruptions < maxInterruptions; interruptions += 1) {
    try {
      const { exitCode, signalCode } = Bun.spawnSync(["stty", isOn ? "echo" : "-echo"], { stdin: "inherit" });
      if (signalCode === undefined || signalCode === null) return exitCode === 0;
    } catch {
      // There is no such program.
      return false;
    }
  }
  return false;
}
