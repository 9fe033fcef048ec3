// Purging of uploads that nobody finished, by age.
import type { RepositoryName } from "../oci/name.ts";
import { uploadsPrefix } from "./layout.ts";
import { walkRepositories } from "./repository-walk.ts";
import type { Store } from "./store.ts";
import { StoreUploads } from "./uploads.ts";

/** What a purge removed. */
export interface PurgeOutcome {
  readonly sessions: number;
  readonly temporaryFiles: number;
}

/** A writer that is still at work on a temporary file after a day has failed: its rename will say so. */
export const temporaryAgeMs = 24 * 3_600_000;

/** How to purge. */
export interface PurgeOptions {
  /** Everything is counted, and stays. */
  readonly isDryRun: boolean;
  /** Hears of each session. */
  readonly report?: (name: RepositoryName, id: string) => void;
  /** Where uploads are; looked for if absent. */
  readonly names?: readonly RepositoryName[] | undefined;
}

/** Removes sessions without a write for longer than `ageMs`, and files of dead writers. */
export async function purgeUploads(
  store: Store,
  ageMs: number,
  options: PurgeOptions = { isDryRun: false },
): Promise<PurgeOutcome> {
  const uploads = new StoreUploads(store);
  let sessions = 0;
  for await (const name of options.names ?? walkRepositories(store, uploadsPrefix)) {
    const ids = await store.objects.list(uploadsPrefix(name));
    const gone = await uploads.purge(name, { ids, ageMs, isDryRun: options.isDryRun });
    for (const id of gone) options.report?.(name, id);
    sessions += gone.length;
  }
  return { sessions, temporaryFiles: await store.directory.sweepTemporary(temporaryAgeMs, options) };
}
