// A question to the person at the terminal. The terminal stays in its usual mode, which handles line editing, Ctrl-D,
// Ctrl-Z and `fg`.
import { read as readCallback } from "node:fs";
import { promisify } from "node:util";
import { CommandError } from "./command.ts";

const read = promisify(readCallback) as (
  descriptor: number,
  buffer: Uint8Array,
  offset: number,
  length: number,
  position: null,
) => Promise<{ readonly bytesRead: number }>;

const maxAnswerBytes = 4096;
/** The exit code that a shell reports for a program ended by Ctrl-C. */
const interruptedExitCode = 130;

/** What asking needs. */
export interface QuestionIo {
  readonly write: (text: string) => void;
  /** Ends the process. */
  readonly exit: (code: number) => void;
}

/** Asks and returns the line that was typed; empty at end of input (Ctrl-D). Ctrl-C ends the process with 130. */
export async function askOnTerminal(question: string, { write, exit }: QuestionIo): Promise<string> {
  const onInterrupt = () => {
    write("\n");
    exit(interruptedExitCode);
  };
  process.once("SIGINT", onInterrupt);
  try {
    write(question);
    const buffer = new Uint8Array(maxAnswerBytes);
    const { bytesRead } = await read(0, buffer, 0, maxAnswerBytes, null);
    if (bytesRead === 0) write("\n");
    return new TextDecoder().decode(buffer.subarray(0, bytesRead)).split(/\r?\n/, 1).join();
  } finally {
    process.off("SIGINT", onInterrupt);
  }
}

/** The same, while the terminal does not show what is typed. Throws a CommandError if it cannot be told to. */
export async function askSecretOnTerminal(question: string, { write, exit }: QuestionIo): Promise<string> {
  setEcho(false);
  try {
    return await askOnTerminal(question, {
      write,
      exit: (code) => {
        setEcho(true);
        exit(code);
      },
    });
  } finally {
    setEcho(true);
    write("\n");
  }
}

function setEcho(isOn: boolean): void {
  try {
    const { exitCode } = Bun.spawnSync(["stty", isOn ? "echo" : "-echo"], { stdin: "inherit" });
    if (exitCode === 0) return;
  } catch {
    // There is no such program.
  }
  if (!isOn) throw new CommandError("this terminal cannot hide what is typed; give --password-stdin");
}
