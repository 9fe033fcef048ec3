// A terminal with a program on it, for a test that types.
import { environment, waitUntil } from "./program.ts";

/** What a person at the terminal can do. */
export interface Terminal extends AsyncDisposable {
  type(keys: string): void;
  /** Waits until this text appears after everything that an earlier call waited for. */
  expectText(text: string): Promise<void>;
  /** The exit code of the program, when everything that it printed is on the screen. */
  readonly exited: Promise<number>;
  screen(): string;
}

/** Keys that a terminal turns into signals or the end of input. */
export const keys = { interrupt: "\x03", endOfInput: "\x04", suspend: "\x1a", quit: "\x1c" } as const;

/**
 * Runs a line of shell on a terminal of its own ("script" makes one). Ctrl-C goes to that shell too, and ends it at once
 * (dash) or after the program (bash), unless the line begins with `trap : INT`.
 */
export function openTerminal(line: string): Terminal {
  const child = Bun.spawn(["script", "--quiet", "--return", "--command", line, "/dev/null"], {
    env: environment({ TERM: "dumb", SHELL: "/bin/sh" }),
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  let text = "";
  let seen = 0;
  const reading = (async () => {
    for await (const chunk of child.stdout) text += new TextDecoder().decode(chunk);
  })().catch(() => undefined);
  // What it printed last may come after its end.
  const exited = child.exited.then(async (code) => {
    await reading;
    return code;
  });
  return {
    type: (typed) => {
      try {
        child.stdin.write(typed);
        child.stdin.flush();
      } catch {
        // Nobody reads what is typed after the end.
      }
    },
    expectText: async (wanted) => {
      const index = await waitUntil(`${JSON.stringify(wanted)} on the terminal`, () => {
        const found = text.indexOf(wanted, seen);
        return found < 0 ? undefined : found + 1;
      }).catch((error) => {
        throw new Error(`${error}\n${text}`);
      });
      seen = index - 1 + wanted.length;
    },
    exited,
    screen: () => text,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}
