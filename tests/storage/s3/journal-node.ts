// A node with a journal in the bucket of the tests.
import { Journal } from "../../../src/storage/journal.ts";
import type { JournalEntry } from "../../../src/storage/journal-segments.ts";
import type { BucketObjects } from "../../../src/storage/s3/bucket-objects.ts";
import { JournalObjects } from "../../../src/storage/s3/journal-objects.ts";
import type { JournalTiming } from "../../../src/storage/s3/journal-takeover.ts";
import type { RetryLimits } from "../../../src/storage/s3/retries.ts";
import { openBucket } from "./bucket.ts";
import type { Engine } from "./engine.ts";

/** Two recipients. */
export const [ci, audit] = ["0123456789ab", "ba9876543210"];

const journalTiming: JournalTiming = {
  lifetimeMs: 60_000,
  idleMs: 1,
  // Tests say when.
  keepEveryMs: 3_600_000,
  strangersMs: 24 * 3_600_000,
};

interface NodeChanges {
  readonly recipients?: readonly string[];
  readonly maxBytes?: number;
  readonly idleMs?: number;
  readonly lifetimeMs?: number;
  readonly limits?: RetryLimits;
}

/** A node, with everything that its journal hands out. */
export function openJournalNode(engine: Engine, { limits, ...changes }: NodeChanges = {}) {
  return openJournalOn(openBucket({ engine, ...(limits === undefined ? {} : { limits }) }).objects, changes);
}

/** The same on any bucket. */
export function openJournalOn(objects: BucketObjects, changes: Omit<NodeChanges, "limits"> = {}) {
  const { recipients = [ci, audit], maxBytes = 1_000_000, idleMs = 3_600_000, lifetimeMs = 60_000 } = changes;
  const entries: JournalEntry[] = [];
  const drops: number[] = [];
  const timing = { ...journalTiming, idleMs, lifetimeMs };
  const newId = () => crypto.randomUUID();
  const segments = new JournalObjects({ objects, prefix: "notifications/", newId, recipients, timing });
  const journal = new Journal({
    segments,
    maxBytes,
    take: (entry) => void entries.push(entry),
    noteDrop: () => void drops.push(1),
  });
  /** What can be delivered from here, once. */
  const deliver = async (isWanted: (recipient: string) => boolean = () => true) => {
    const told: string[] = [];
    for (const entry of entries.filter(({ recipient }) => isWanted(recipient))) {
      const text = entry.isDropped() ? undefined : await entry.read();
      if (text !== undefined) told.push(`${entry.recipient === ci ? "ci" : "audit"} ${text}`);
      entry.done();
      entries.splice(entries.indexOf(entry), 1);
    }
    return told;
  };
  return { entries, drops, segments, journal, deliver };
}

/** The keys of the journal's segments. */
export function segmentKeys(engine: Engine): readonly string[] {
  return engine.keys().filter((key) => key.startsWith("notifications/segments/"));
}
