// The world for a command under test: what it writes is kept, and nobody is asked.
import type { CommandIo } from "../../src/cli/command.ts";

/** A world whose standard output and error can be read. */
export interface FakeIo extends CommandIo {
  output(): string;
  errors(): string;
}

/** A world without a terminal; `overrides` replaces parts of it. */
export function fakeIo(overrides: Partial<CommandIo> = {}): FakeIo {
  let [output, errors] = ["", ""];
  const write = (text: string): void => {
    output += text;
  };
  return {
    stdout: write,
    stdoutBytes: async (bytes) => write(new TextDecoder("latin1").decode(bytes)),
    announce: write,
    stderr: (text) => {
      errors += text;
    },
    logStream: lineStream((text) => {
      errors += text;
    }),
    accessStream: lineStream(write),
    isTerminal: false,
    isErrorTerminal: false,
    ask: async () => "",
    askSecret: async () => "",
    readInput: async () => "",
    env: {},
    now: Date.now,
    ...overrides,
    output: () => output,
    errors: () => errors,
  };
}

function lineStream(take: (text: string) => void): CommandIo["logStream"] {
  return {
    write: (text) => {
      take(text);
      return true;
    },
    once: () => undefined,
  };
}
