// A process that `serve` has started to answer requests. It is no command: without a supervisor it means nothing.
import { endWithParent } from "../app/workers/parent-death.ts";
import { runWorker } from "../app/workers/run-worker.ts";
import { SupervisorLink, type WorkerLine } from "../app/workers/supervisor-link.ts";
import type { CommandIo } from "./command.ts";

/** A terminal and systemd send these to all processes of a service; what comes of them is the supervisor's decision. */
const signalsOfOthers = ["SIGTERM", "SIGINT", "SIGHUP"] as const;

/** Answers requests until the supervisor is done with it; returns the exit code. */
export async function serveAsWorker(line: WorkerLine, io: CommandIo): Promise<number> {
  for (const signal of signalsOfOthers) process.on(signal, () => undefined);
  const { env, now, logStream, accessStream } = io;
  const dependencies = { env, now, logStream, accessStream, print: io.announce, endWith: endWithParent };
  return await runWorker(new SupervisorLink(line), dependencies);
}
