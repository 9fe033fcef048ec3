// The program: arguments in, exit code out.
import { createInterface } from "node:readline/promises";
import { runCli } from "./cli/cli.ts";

const exitCode = await runCli(process.argv.slice(2), {
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
  isTerminal: process.stdin.isTTY === true && process.stdout.isTTY === true,
  isErrorTerminal: process.stderr.isTTY === true,
  ask: async (question) => {
    const terminal = createInterface({ input: process.stdin, output: process.stdout });
    try {
      return await terminal.question(question);
    } finally {
      terminal.close();
    }
  },
  // biome-ignore lint/style/noProcessEnv: this is where the environment comes in.
  env: process.env,
  now: Date.now,
});
process.exit(exitCode);
