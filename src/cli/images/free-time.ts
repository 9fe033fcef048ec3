// When garbage is free, in the words of `registry gc`. Pure.
import { counted } from "../../lib/counted.ts";
import { formatDuration } from "../../lib/duration.ts";
import { formatSize } from "../../lib/size.ts";
import type { CollectorSchedule, FreeTime } from "../../registry/reading/collector-schedule.ts";
import type { Amount } from "../../registry/reading/usage.ts";

/** Such as "60 blobs, 243.0 MB". */
export function formatBlobs({ count, sizeBytes }: Amount): string {
  return `${counted(count, "blob")}, ${formatSize(sizeBytes)}`;
}

/** Such as "free after 24h, all of it after 72h": from now, as the server collects by itself. */
export function formatFreeTime(
  free: FreeTime | undefined,
  { schedule, nowMs }: { readonly schedule: CollectorSchedule; readonly nowMs: number },
): string {
  if (free === undefined || schedule.intervalMs === undefined) {
    const grace = schedule.graceMs === 0 ? "" : `, ${formatDuration(schedule.graceMs)} apart`;
    return `free after two runs of \`registry gc\`${grace}`;
  }
  const [from, by] = [formatSpan(free.fromMs - nowMs), formatSpan(free.byMs - nowMs)];
  if (free.byMs <= nowMs) return "free by the next collection";
  return from === by ? `free after ${by}` : `free after ${from}, all of it after ${by}`;
}

const minuteMs = 60_000;
const hourMs = 3_600_000;

/** Rounded up: to minutes below two hours, to hours above. */
function formatSpan(spanMs: number): string {
  const unitMs = spanMs < 2 * hourMs ? minuteMs : hourMs;
  return formatDuration(Math.max(1, Math.ceil(spanMs / unitMs)) * unitMs);
}
