// The code of the executable in memory. A start reads much of it that serving does not need, and the system counts that as held by
// the process until somebody wants the memory.
import { readFileSync } from "node:fs";
import { bindLibc } from "../storage/libc.ts";

/** MADV_DONTNEED: 4 on every Linux. */
const dontNeed = 4;

/** What the start was the last to need is not in anybody's way for so long. */
const settlingMs = 250;

/** A part of the address space. */
interface Mapping {
  readonly start: number;
  readonly end: number;
}

/** Gives the pages back once the start is over; what is used again comes back from the system's cache of files. */
export function dropStartPagesSoon(): void {
  if (process.platform === "linux") setTimeout(dropStartPages, settlingMs).unref();
}

/** Does it now; returns how many mappings it was done for. */
export function dropStartPages(): number {
  const advise = bindLibc("madvise", ["i64", "i64", "i32"]);
  if (advise === undefined) return 0;
  const mappings = findCode(readFileSync("/proc/self/smaps", "latin1"));
  return mappings.filter(({ start, end }) => advise(start, end - start, dontNeed) === 0).length;
}

/** Where files are mapped to be executed or read, and nothing has been written: of that, giving back would lose what was written. */
export function findCode(smaps: string): readonly Mapping[] {
  return smaps.split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m).flatMap((text) => {
    const [, start, end] = /^([0-9a-f]+)-([0-9a-f]+) r-[x-]p .* \//.exec(text) ?? [];
    if (start === undefined || end === undefined || !/^Anonymous: +0 kB$/m.test(text)) return [];
    return [{ start: Number.parseInt(start, 16), end: Number.parseInt(end, 16) }];
  });
}
