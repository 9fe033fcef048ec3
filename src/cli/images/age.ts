// How long ago something was, in the words of people. Pure.

const units = [
  ["year", 365 * 86_400_000],
  ["month", 30 * 86_400_000],
  ["week", 7 * 86_400_000],
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
] as const;

/** Such as "3 days ago"; from two of a unit on, so that "13 days" stays that. Empty if nobody knows. */
export function formatAge(timeMs: number | undefined, nowMs: number): string {
  if (timeMs === undefined) return "";
  const elapsedMs = nowMs - timeMs;
  const [unit, unitMs] = units.find(([, each]) => elapsedMs >= 2 * each) ?? ["second", 1000];
  const count = Math.floor(elapsedMs / unitMs);
  if (elapsedMs < 0 || (unit === "second" && count < 2)) return "just now";
  return `${count} ${unit}s ago`;
}

/** As other programs read it; undefined if nobody knows, so that JSON leaves it out. */
export function formatTime(timeMs: number | undefined): string | undefined {
  return timeMs === undefined ? undefined : new Date(timeMs).toISOString();
}
