// The output of long work for programs: one JSON object a line, the summary at last. How far the work is stays out.
import type { CommandIo } from "./command.ts";

/** Takes what the work tells, and at its end the summary. */
export interface WorkOutput<Event, Summary> {
  report(event: Event): void;
  finish(summary: Summary): void;
}

/** Writes each event but progress, or of a quiet command only findings, and the summary as an object of that kind. */
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
