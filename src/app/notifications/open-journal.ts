// Where events wait: in files below the root of the store; or in the bucket, so that they outlive the node.
import { join } from "node:path";
import type { Configuration } from "../../config/schema.ts";
import type { EventJournal, JournalHearer } from "../../notifications/notifier.ts";
import type { Store } from "../../registry/store.ts";
import { isInMemory } from "../../storage/filesystem-root.ts";
import { openFlock } from "../../storage/flock.ts";
import { Journal } from "../../storage/journal.ts";
import { JournalFiles } from "../../storage/journal-files.ts";
import type { JournalSegments } from "../../storage/journal-segments.ts";
import { notificationsPlace } from "../../storage/places.ts";
import type { BucketObjects } from "../../storage/s3/bucket-objects.ts";
import { JournalObjects } from "../../storage/s3/journal-objects.ts";
import { usualJournalTiming } from "../../storage/s3/journal-takeover.ts";

/** The store that the events are about. */
export interface JournalDependencies {
  readonly store: Pick<Store, "now" | "uuid" | "changes">;
  readonly dataDirectory: string;
  /** Objects that nobody else may read, of a store in a bucket. */
  readonly secrets: BucketObjects | undefined;
}

const maxBytes = 64 * 1024 * 1024;
const fileBytes = 1024 * 1024;

/** The journal of this process. */
export function openJournal(
  configuration: Configuration,
  dependencies: JournalDependencies,
): (hearer: JournalHearer) => EventJournal {
  const segmentsFor = ({ recipients }: JournalHearer): JournalSegments => {
    const { secrets, store } = dependencies;
    if (secrets === undefined) return openFiles(configuration, dependencies);
    const prefix = `${notificationsPlace}/`;
    return new JournalObjects({ objects: secrets, prefix, newId: store.uuid, recipients, timing: usualJournalTiming });
  };
  return (hearer) => new Journal({ ...hearer, segments: segmentsFor(hearer), maxBytes });
}

function openFiles({ storage }: Configuration, { store, dataDirectory }: JournalDependencies): JournalFiles {
  return new JournalFiles({
    directory: join(dataDirectory, notificationsPlace),
    flock: store.changes.keepsProcessesApart() ? openFlock() : undefined,
    isDurable: storage.filesystem.durable && !isInMemory(dataDirectory),
    segmentBytes: fileBytes,
    now: store.now,
  });
}

/** Whether what processes left that died can be told from what others work on, and may be taken over at any time. */
export function canTakeOver(
  { storage }: Configuration,
  { store, secrets }: Pick<JournalDependencies, "store" | "secrets">,
): "always" | "at the start" | "never" {
  if (secrets === undefined) return store.changes.keepsProcessesApart() ? "always" : "at the start";
  return storage.maintenance.readonly.enabled ? "never" : "always";
}
