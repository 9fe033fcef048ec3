// The measuring itself: registries take turns, A B A B and the other way round, and each turn is one sample.
import type { Done, Job, Load } from "./load.ts";
import { processorSeconds } from "./process-tree.ts";
import type { Kind, Row, Series, Unit } from "./results.ts";
import type { Server } from "./servers/server.ts";

/** What a row is called and counts in. */
export interface RowName {
  readonly id: string;
  readonly work: string;
  /** "s/GB" divides by the bytes that went, "ms" by what was finished; "s" and "MiB" by nothing. */
  readonly unit: Unit;
}

type Samples = { -readonly [Name in keyof Series]-?: number[] };

/** A row while it is being measured. */
export class RowInWork {
  readonly #name: RowName;
  readonly #samples = new Map<Kind, Samples>();

  constructor(name: RowName) {
    this.#name = name;
  }

  /** Adds one sample that was taken otherwise. */
  add(kind: Kind, sample: { readonly value: number; readonly cpu?: number }): void {
    const samples = this.#of(kind);
    samples.values.push(sample.value);
    if (sample.cpu !== undefined) samples.cpu.push(sample.cpu);
  }

  /** Adds what one job came to. */
  addJob(kind: Kind, done: Done, cpuSeconds: number): void {
    const share = shareOf(this.#name.unit, done);
    this.add(kind, { value: (done.wallMs / 1000) * share, cpu: cpuSeconds * share });
    const samples = this.#of(kind);
    for (const field of ["p50Ms", "p99Ms", "maxMs"] as const) samples[field].push(done[field]);
    samples.client.push(done.clientMs / done.wallMs);
  }

  /** The row with all samples so far. */
  get row(): Row {
    const filled = [...this.#samples].map(([kind, samples]) => [
      kind,
      Object.fromEntries(Object.entries(samples).filter(([field, values]) => field === "values" || values.length > 0)),
    ]);
    return { ...this.#name, series: Object.fromEntries(filled) };
  }

  #of(kind: Kind): Samples {
    const known = this.#samples.get(kind) ?? { values: [], cpu: [], p50Ms: [], p99Ms: [], maxMs: [], client: [] };
    this.#samples.set(kind, known);
    return known;
  }
}

/** What seconds are multiplied by to become the row's unit. */
function shareOf(unit: Unit, { bytes, units }: Done): number {
  if (unit === "s/GB") return 1e9 / bytes;
  if (unit === "ms") return 1000 / units;
  return 1;
}

/** Every other round begins at the other end, so that nobody always comes after the same one. */
export function orderOf<T>(servers: readonly T[], round: number): readonly T[] {
  return round % 2 === 0 ? servers : servers.toReversed();
}

/**
 * Each server does the job once. Round 0 warms up and does not count. A peer that cannot do it has no sample, and why is
 * said; that ours cannot is an error.
 */
export async function takeTurns(
  load: Load,
  row: RowInWork,
  { servers, round, jobOf }: { servers: readonly Server[]; round: number; jobOf: (server: Server) => Job },
): Promise<void> {
  for (const server of orderOf(servers, round)) {
    const job = jobOf(server);
    const beforeSeconds = processorSeconds(server.pid);
    const done = await runOrTell(load, job, server);
    if (done === undefined) continue;
    const cpuSeconds = processorSeconds(server.pid) - beforeSeconds;
    if (round > 0) row.addJob(server.kind, done, cpuSeconds);
  }
}

/** Each server does a job that nothing is learned from: what later ones ask for is stored by it. */
export async function prepare(load: Load, servers: readonly Server[], job: Job): Promise<void> {
  for (const server of servers) await runOrTell(load, job, server);
}

/** The result; undefined where a peer could not do it. */
export async function runOrTell(load: Load, job: Job, server: Server): Promise<Done | undefined> {
  try {
    return await load.run(job, server);
  } catch (error) {
    if (server.kind === "registry" || server.kind === "undurable") throw error;
    console.error(`${server.kind}: ${error instanceof Error ? error.message : error}`);
    return undefined;
  }
}
