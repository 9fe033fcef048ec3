// The progress of copies in bytes, with the rate and the time that is left.
import { formatDuration } from "../../lib/duration.ts";
import { formatSize } from "../../lib/size.ts";
import { type CopyEvent, type CopySummary, countCopies } from "../../transfer/copy-report.ts";
import type { CommandIo } from "../command.ts";
import { createProgress } from "../progress.ts";

/** Shows progress, and counts. */
export interface CopyProgress {
  readonly report: (event: CopyEvent) => void;
  readonly summary: () => CopySummary;
  /** Makes room for a line of something else. */
  readonly clear: () => void;
}

/** The rate is that of the last so many milliseconds. */
const windowMs = 10_000;
const sampleMs = 500;

interface RateSample {
  readonly ms: number;
  readonly bytes: number;
}

/** Progress on standard error. */
export function createCopyProgress(io: Pick<CommandIo, "stderr" | "isErrorTerminal" | "now">): CopyProgress {
  const line = createProgress(io);
  const { report, summary } = countCopies();
  let samples: readonly RateSample[] = [{ ms: io.now(), bytes: 0 }];
  return {
    summary,
    clear: () => line.clear(),
    report: (event) => {
      report(event);
      if (event.kind !== "bytes") return;
      const nowMs = io.now();
      const counted = summary();
      if (nowMs - (samples.at(-1)?.ms ?? 0) >= sampleMs) {
        samples = [...samples.filter(({ ms }) => nowMs - ms <= windowMs), { ms: nowMs, bytes: counted.sentBytes }];
        line.update(formatCopyProgress(counted, rateOf(samples)));
      }
    },
  };
}

function rateOf(samples: readonly RateSample[]): number {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined || last.ms === first.ms) return 0;
  return ((last.bytes - first.bytes) * 1000) / (last.ms - first.ms);
}

/** One line; what is left is only what is known so far of images that are being copied. */
export function formatCopyProgress(
  { sentBytes, skippedBytes, knownBytes }: CopySummary,
  bytesPerSecond: number,
): string {
  const doneBytes = Math.min(sentBytes + skippedBytes, knownBytes);
  const leftBytes = knownBytes - doneBytes;
  const rate = bytesPerSecond > 0 ? `, ${formatSize(Math.round(bytesPerSecond))}/s` : "";
  const left =
    bytesPerSecond > 0 && leftBytes > 0
      ? `, ${formatDuration(Math.max(1, Math.ceil(leftBytes / bytesPerSecond)) * 1000)} left`
      : "";
  return `${formatSize(doneBytes)} of ${formatSize(knownBytes)}${rate}${left}`;
}
