// The few numbers that stand for many.

/** The middle one; between the two in the middle where their count is even. NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]];
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2;
}

/** How far values lie from their median, as a part of it: the median of the distances. 0 where nothing is known. */
export function spread(values: readonly number[]): number {
  const middle = median(values);
  const distance = median(values.map((value) => Math.abs(value - middle)));
  return middle > 0 && Number.isFinite(distance) ? distance / middle : 0;
}

/** Three digits that count: 1.53, 0.056, 12.4, 431. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return "";
  if (value === 0) return "0";
  const digits = Math.max(0, Math.min(4, 2 - Math.floor(Math.log10(Math.abs(value)))));
  return value.toFixed(digits);
}
