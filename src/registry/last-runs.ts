// When the store was last collected and last checked, by whatever process, and how that ended. Written at the end of each
// run; it promises nothing, and what cannot be written is not told.
//
//   gc/last-collection    JSON
//   gc/last-check         JSON
import { parseJsonObject } from "../lib/json-object.ts";
import { isRecord } from "../oci/descriptor.ts";
import { lastRunKey } from "./layout.ts";
import type { Store } from "./store.ts";

/** What is done to a store as a whole. */
export type RunKind = "collection" | "check";

/** One run that ended. */
export interface LastRun {
  /** Milliseconds since 1970. */
  readonly endedMs: number;
  /** What it counted, by name. */
  readonly counts: Readonly<Record<string, number>>;
}

const maxBytes = 4096;
const maxCounts = 50;

/** Notes that a run has ended. */
export async function noteRun(store: Store, kind: RunKind, counts: LastRun["counts"]): Promise<void> {
  const run: LastRun = { endedMs: store.now(), counts };
  // On a full or read-only disk there is no note, and no harm.
  await store.objects.put(lastRunKey(kind), new TextEncoder().encode(JSON.stringify(run))).catch(() => {});
}

/** The last run; undefined where none is noted. */
export async function readLastRun(store: Store, kind: RunKind): Promise<LastRun | undefined> {
  const bytes = await store.objects.read(lastRunKey(kind), maxBytes);
  return bytes === undefined ? undefined : parseRun(new TextDecoder().decode(bytes));
}

function parseRun(text: string): LastRun | undefined {
  const { endedMs, counts } = parseJsonObject(text) ?? {};
  if (typeof endedMs !== "number" || !isRecord(counts)) return undefined;
  const numbers = Object.entries(counts).filter((entry): entry is [string, number] => Number.isFinite(entry[1]));
  return { endedMs, counts: Object.fromEntries(numbers.slice(0, maxCounts)) };
}
