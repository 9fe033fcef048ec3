// How a signal ends a command: in order, and so that a shell sees what ended it.
import { constants } from "node:os";
import type { CommandIo } from "./command.ts";

const stops = ["SIGINT", "SIGTERM"] as const;
const endings = [...stops, "SIGHUP", "SIGQUIT"] as const;

/** Does the work with a signal that Ctrl-C and SIGTERM abort; then the exit code is the shell's for that. */
export async function interruptibly(
  io: Pick<CommandIo, "stderr">,
  work: (signal: AbortSignal) => Promise<number>,
): Promise<number> {
  const abort = new AbortController();
  let exitCode: number | undefined;
  const stop = (name: NodeJS.Signals) => {
    // The second one does not wait.
    if (exitCode !== undefined) endProcess(exitCode);
    exitCode = exitCodeOf(name);
    abort.abort(new DOMException("interrupted", "AbortError"));
  };
  for (const name of stops) process.on(name, stop);
  try {
    const outcome = await work(abort.signal);
    return exitCode ?? outcome;
  } catch (error) {
    if (exitCode === undefined) throw error;
    io.stderr("interrupted; run the same command again to resume it\n");
    return exitCode;
  } finally {
    for (const name of stops) process.off(name, stop);
  }
}

/** What a shell reports of a program that the signal has ended. */
export function exitCodeOf(name: NodeJS.Signals): number {
  return 128 + constants.signals[name];
}

/**
 * Ends the process. If the code stands for a signal, the signal does it: a shell that runs the command in a loop or a
 * script ends that too only if the signal was the end of the command.
 */
export function endProcess(exitCode: number): never {
  const name = endings.find((each) => exitCodeOf(each) === exitCode);
  if (name !== undefined) {
    process.removeAllListeners(name);
    process.kill(process.pid, name);
  }
  // The first process of a container is not ended by its own signals.
  process.exit(exitCode);
}
