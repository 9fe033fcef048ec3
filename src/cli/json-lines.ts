// The output of long work for programs: one JSON object per line, the summary last; no progress.
import type { CommandIo } from "./command.ts";

/** Receives the events of the work and, at its end, the summary. */
export interface WorkOutput<Event, Summary> {
  report(event: Event): void;
  finish(summary: Summary): void;
}

/** Writes each event except progress, or only findings if it is quiet, and the summary. */
export function jsonLines(
  io: Pick<CommandIo, "stdout">,
  { isQuiet } = { isQuiet: false },
): WorkOutput<{ readonly kind: string }, object> {
  const write = (value: object) => io.stdout(`${JSON.stringify(value)}\n`);
  return {
    report: (event) => {
      if (event.kind === "finding" || (event.kind !== "progress" && !isQuiet)) write(event);
    },
    finish: (summary) => write({ kind: "summary", ...summary }),
  };
}
