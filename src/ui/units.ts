// Sizes, counts, times and digests as people read them.

const unitNames = ["B", "kB", "MB", "GB", "TB", "PB"] as const;

/** Decimal units, as docker shows sizes. */
export function formatByteCount(sizeBytes: number, language: string): string {
  const power = sizeBytes < 1000 ? 0 : Math.min(Math.floor(Math.log10(sizeBytes) / 3), unitNames.length - 1);
  const value = sizeBytes / 1000 ** power;
  const digits = power === 0 || value >= 100 ? 0 : 1;
  return `${value.toLocaleString(language, { maximumFractionDigits: digits })} ${unitNames[power]}`;
}

const steps = [
  ["year", 365 * 86_400],
  ["month", 30 * 86_400],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
] as const;

/** "3 days ago", or "in 2 hours". */
export function formatAge(timeMs: number, { nowMs, language }: { readonly nowMs: number; readonly language: string }) {
  const seconds = (timeMs - nowMs) / 1000;
  const [unit, length] = steps.find(([, each]) => Math.abs(seconds) >= each) ?? (["second", 1] as const);
  return new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(Math.trunc(seconds / length), unit);
}

/** Date and time in full. */
export function formatMoment(timeMs: number, language: string): string {
  return new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" }).format(timeMs);
}

/** "24 hours", "7 days". */
export function formatSpan(ms: number, language: string): string {
  const [unit, length] =
    ms >= 2 * 86_400_000 ? ["day", 86_400_000] : ms >= 3_600_000 ? ["hour", 3_600_000] : ["minute", 60_000];
  const value = Math.round(ms / Number(length));
  return value.toLocaleString(language, { style: "unit", unit: String(unit), unitDisplay: "long" });
}

/** The first letters of a digest, enough to tell it from others at a glance. */
export function shortenDigest(digest: string): string {
  const at = digest.indexOf(":");
  return digest.slice(at + 1, at + 13);
}
