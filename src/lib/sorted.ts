// Sorting many names without blocking the event loop.
import { stepAside } from "./pacer.ts";

/** As many as take a moment to sort. */
const runLength = 4096;

/** Sorted like `sort()`, over several turns of the event loop if there are many. */
export async function sortInTurns(names: readonly string[]): Promise<string[]> {
  let runs: string[][] = [];
  for (let start = 0; start === 0 || start < names.length; start += runLength) {
    runs.push(names.slice(start, start + runLength).sort());
    await stepAside();
  }
  while (runs.length > 1) {
    const merged: string[][] = [];
    for (let index = 0; index < runs.length; index += 2)
      merged.push(await merge(runs[index] ?? [], runs[index + 1] ?? []));
    runs = merged;
  }
  return runs[0] ?? [];
}

async function merge(left: readonly string[], right: readonly string[]): Promise<string[]> {
  const merged: string[] = [];
  let [one, other] = [0, 0];
  while (one < left.length && other < right.length) {
    if ((left[one] ?? "") <= (right[other] ?? "")) merged.push(left[one++] ?? "");
    else merged.push(right[other++] ?? "");
    if (merged.length % runLength === 0) await stepAside();
  }
  for (const name of left.slice(one)) merged.push(name);
  for (const name of right.slice(other)) merged.push(name);
  return merged;
}
