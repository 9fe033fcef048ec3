// Progress of long work: one line that is rewritten on a terminal, a line now and then elsewhere.
import type { CommandIo } from "./command.ts";

/** Shows progress on standard error, so that results can be piped. */
export interface ProgressLine {
  update(text: string): void;
  /** Clears the line, so that something else can be written; the next update shows it again. */
  clear(): void;
}

const terminalIntervalMs = 100;
const plainIntervalMs = 10_000;

/** A progress line that shows nothing for work that finishes at once. */
export function createProgress(io: Pick<CommandIo, "stderr" | "isErrorTerminal" | "now">): ProgressLine {
  const intervalMs = io.isErrorTerminal ? terminalIntervalMs : plainIntervalMs;
  let shownMs = io.now();
  let isShown = false;
  return {
    update: (text) => {
      const nowMs = io.now();
      if (nowMs - shownMs < intervalMs) return;
      shownMs = nowMs;
      isShown = true;
      io.stderr(io.isErrorTerminal ? `\r\x1b[K${text}` : `${text}\n`);
    },
    clear: () => {
      if (isShown && io.isErrorTerminal) io.stderr("\r\x1b[K");
      isShown = false;
    },
  };
}
