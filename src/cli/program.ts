// What this process is: a worker if a supervisor has started it as one, else a command. Only that is loaded: a worker is told its
// configuration, and needs no schema of it.
import type { WorkerLine } from "../app/workers/supervisor-link.ts";
import { workerWord } from "../app/workers/worker-process.ts";
import type { CommandIo } from "./command.ts";

/** Runs it and returns the exit code; `supervisor` is the line to the server that has started this process, if one has. */
export async function runProgram(
  args: readonly string[],
  io: CommandIo,
  supervisor: WorkerLine | undefined,
): Promise<number> {
  if (args[0] === workerWord && supervisor !== undefined) {
    const { serveAsWorker } = await import("./worker.ts");
    return await serveAsWorker(supervisor, io);
  }
  const { runCli } = await import("./cli.ts");
  return await runCli(args, io);
}
