// Sizes as people write them: "100GB" is decimal, "100GiB" binary. A bare number is refused: 10 hardly ever
// means bytes.

const units: Record<string, number> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

const shownUnits = ["B", "kB", "MB", "GB", "TB"] as const;

/** Bytes of a size, or undefined if it is malformed; fractions, a bare 0 and units in any case are allowed. */
export function parseSize(text: string): number | undefined {
  if (text.trim() === "0") return 0;
  const match = /^(\d+(?:\.\d+)?) ?([a-z]*)$/i.exec(text.trim());
  const unit = (match?.[2] ?? "").toLowerCase();
  const factor = Object.hasOwn(units, unit) ? units[unit] : undefined;
  if (match === null || factor === undefined) return undefined;
  const sizeBytes = Math.round(Number(match[1]) * factor);
  return Number.isSafeInteger(sizeBytes) ? sizeBytes : undefined;
}

/** Bytes per second of a rate such as "50MB/s"; the "/s" may be left out. */
export function parseRate(text: string): number | undefined {
  return parseSize(text.trim().replace(/ ?\/s$/i, ""));
}

/** A short size for people: 1234567 -> "1.2 MB". */
export function formatSize(sizeBytes: number): string {
  let value = sizeBytes;
  let unit = 0;
  while (value >= 999.95 && unit < shownUnits.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${shownUnits[unit]}`;
}
