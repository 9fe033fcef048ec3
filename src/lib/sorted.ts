// Sorting without blocking the event loop.
import { stepAside } from "./pacer.ts";

/** As many names as take a moment to sort. */
const namesOfOneRun = 4096;
/** As many items as take a moment to sort by a comparison that is written here. */
const itemsOfOneRun = 512;

/** Whether the first one may come before the other. */
type IsInOrder<T> = (one: T, other: T) => boolean;

/** Sorted like `sort()`, over several turns of the event loop if there are many. */
export async function sortInTurns(names: readonly string[]): Promise<string[]> {
  const runs: string[][] = [];
  for (let start = 0; start < names.length; start += namesOfOneRun) {
    runs.push(names.slice(start, start + namesOfOneRun).sort());
    await stepAside();
  }
  return mergeRuns(runs, (one, other) => one <= other);
}

/** The same for anything that can be compared; what compares equal keeps its order. */
export async function sortByInTurns<T>(items: readonly T[], compare: (one: T, other: T) => number): Promise<T[]> {
  const runs: T[][] = [];
  for (let start = 0; start < items.length; start += itemsOfOneRun) {
    runs.push(items.slice(start, start + itemsOfOneRun).sort(compare));
    await stepAside();
  }
  return mergeRuns(runs, (one, other) => compare(one, other) <= 0);
}

async function mergeRuns<T>(sorted: T[][], isInOrder: IsInOrder<T>): Promise<T[]> {
  let runs = sorted;
  while (runs.length > 1) {
    const merged: T[][] = [];
    for (let index = 0; index < runs.length; index += 2)
      merged.push(await merge(runs[index] ?? [], runs[index + 1] ?? [], isInOrder));
    runs = merged;
  }
  return runs[0] ?? [];
}

async function merge<T>(left: readonly T[], right: readonly T[], isInOrder: IsInOrder<T>): Promise<T[]> {
  const merged: T[] = [];
  let [one, other] = [0, 0];
  while (one < left.length && other < right.length) {
    if (isInOrder(left[one] as T, right[other] as T)) merged.push(left[one++] as T);
    else merged.push(right[other++] as T);
    if (merged.length % itemsOfOneRun === 0) await stepAside();
  }
  for (const item of left.slice(one)) merged.push(item);
  for (const item of right.slice(other)) merged.push(item);
  return merged;
}
