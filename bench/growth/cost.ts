// What the growth measurements have in common: ours alone on a store that was written for it, and the cost of a thing.
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Done, Job } from "../load.ts";
import type { Place } from "../places.ts";
import { dataDirectory, type Server, startServer } from "../servers/server.ts";
import type { Bench } from "../stage.ts";

/** Where growth is measured. */
export interface Ground {
  readonly bench: Bench;
  readonly place: Place;
}

/** Ours, on what `write` has put into its directory; afterwards the directory goes. */
export async function onStore<T>(
  { bench, place }: Ground,
  write: (directory: string) => void,
  measure: (server: Server) => Promise<T>,
): Promise<T> {
  const [ours] = bench.peers;
  if (ours === undefined) throw new Error("there is nothing to measure");
  const path = join(place.path, "growth");
  try {
    write(dataDirectory(path, ours.kind));
    await using server = await startServer(ours, { place: path, workers: bench.workers });
    return await measure(server);
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
}

/** Milliseconds for each of what the job does, after it was done once to warm up. */
export async function costMs({ bench }: Ground, server: Server, job: Job): Promise<number> {
  await bench.load.run(job, server);
  const { wallMs, units } = await bench.load.run(job, server);
  return wallMs / units;
}

/** A job that asks for targets, sixteen at once. */
export function asking(bench: Bench, targets: readonly string[], connections = 16): Job {
  return { kind: "requests", method: "GET", connections, targets, forMs: bench.sizes.forMs };
}

/** A job that lists from the first page to the last. */
export function listing(bench: Bench, target: string): Job {
  return { kind: "pages", connections: 1, targets: [target], forMs: bench.sizes.forMs };
}

/** What small requests of others see while something is done again and again, by requests of this process. */
export async function othersMeanwhile(
  { bench }: Ground,
  server: Server,
  { targets, work }: { readonly targets: readonly string[]; readonly work: () => Promise<void> },
): Promise<Done> {
  let isOver = false;
  const working = (async () => {
    while (!isOver) await work();
  })();
  const job: Job = { kind: "mixed", connections: 2, targets, everyMs: 5, forMs: bench.sizes.mixedMs };
  try {
    return await bench.load.run(job, server);
  } finally {
    isOver = true;
    await working;
  }
}

/** The body of an answer that has to be 200. */
export async function read(server: Server, target: string): Promise<string> {
  const answer = await fetch(`${server.url}${target}`);
  if (answer.status !== 200) throw new Error(`GET ${target}: answered ${answer.status}`);
  return await answer.text();
}

/** Names are remembered of directories that have rested for a while: what was just written is not measured as what is stored. */
const restMs = 3500;

/** Waits until the store is as it would be when nobody has pushed for a moment. */
export async function rest(): Promise<void> {
  await Bun.sleep(restMs);
}

/** How long one request takes. */
export async function onceMs(server: Server, target: string): Promise<number> {
  const startedMs = performance.now();
  await read(server, target);
  return performance.now() - startedMs;
}

/** Lines of a plot from one record of numbers for each size. */
export function linesOf(
  columns: readonly Readonly<Record<string, number>>[],
): Readonly<Record<string, readonly (number | undefined)[]>> {
  const names = [...new Set(columns.flatMap((column) => Object.keys(column)))];
  return Object.fromEntries(names.map((name) => [name, columns.map((column) => column[name])]));
}
