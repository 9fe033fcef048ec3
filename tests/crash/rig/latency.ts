// How long a request took of the server's doing: what it waited for a processor, and for the disk, is taken off.

/** What stood on the clocks at one moment; threads are told apart by their number. */
export interface Moment {
  readonly atMs: number;
  /** How long each thread of the server has waited for a processor so far. */
  readonly server: ReadonlyMap<string, number>;
  /** The same of the client. */
  readonly own: ReadonlyMap<string, number>;
}

/** One request of a bystander. */
export interface Sample {
  readonly path: string;
  readonly wallMs: number;
  /** Waited for a processor. */
  readonly queuedMs: number;
  /** The longest that the disk took for a small file meanwhile. */
  readonly diskMs: number;
  /** What is left. */
  readonly ms: number;
}

/** From what was seen before and after. */
export function sampleOf({
  path,
  pid,
  before,
  after,
  disk,
}: {
  readonly path: string;
  readonly pid: string;
  readonly before: Moment;
  readonly after: Moment;
  readonly disk: readonly { readonly fromMs: number; readonly toMs: number }[];
}): Sample {
  const wallMs = after.atMs - before.atMs;
  const server = gains(before.server, after.server);
  // The thread that all requests go through, and then one of those that it asks; threads wait side by side.
  const main = server.get(pid) ?? 0;
  const others = [...server].filter(([thread]) => thread !== pid).map(([, ms]) => ms);
  const queuedMs = main + Math.max(0, ...others) + Math.max(0, ...gains(before.own, after.own).values());
  const overlaps = disk.map(({ fromMs, toMs }) => Math.min(toMs, after.atMs) - Math.max(fromMs, before.atMs));
  const diskMs = Math.max(0, ...overlaps);
  return { path, wallMs, queuedMs, diskMs, ms: Math.max(0, wallMs - queuedMs - diskMs) };
}

function gains(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  return new Map([...after].map(([thread, ms]) => [thread, ms - (before.get(thread) ?? 0)]));
}

/** The value that this share of all does not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
