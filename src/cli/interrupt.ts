// Work that Ctrl-C ends in order: what was begun is left so that the same command goes on with it.
import type { CommandIo } from "./command.ts";

const interruptedExitCode = 130;
const terminatedExitCode = 143;

/** Does the work with a signal that Ctrl-C and SIGTERM abort; then the exit code is the shell's for that. */
export async function interruptibly(
  io: Pick<CommandIo, "stderr">,
  work: (signal: AbortSignal) => Promise<number>,
): Promise<number> {
  const abort = new AbortController();
  let exitCode: number | undefined;
  const stop = (signalName: "SIGINT" | "SIGTERM") => {
    // The second one does not wait.
    if (exitCode !== undefined) process.exit(exitCode);
    exitCode = signalName === "SIGINT" ? interruptedExitCode : terminatedExitCode;
    abort.abort(new DOMException("interrupted", "AbortError"));
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  try {
    const outcome = await work(abort.signal);
    return exitCode ?? outcome;
  } catch (error) {
    if (exitCode === undefined) throw error;
    io.stderr("interrupted; the same command goes on where this one stopped\n");
    return exitCode;
  } finally {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
  }
}
