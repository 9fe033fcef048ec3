// Purging of uploads that nobody finished, by age.
import { uploadsPrefix } from "./layout.ts";
import { walkRepositories } from "./repositories.ts";
import type { Store } from "./store.ts";
import { Uploads } from "./uploads.ts";

/** What a purge removed. */
export interface PurgeOutcome {
  readonly sessions: number;
  readonly temporaryFiles: number;
}

/** A writer that is still at work on a temporary file after a day has failed: its rename will say so. */
const temporaryAgeMs = 24 * 3_600_000;

/** Removes upload sessions without a write for longer than `ageMs`, and files that dead writers left behind. */
export async function purgeUploads(store: Store, ageMs: number): Promise<PurgeOutcome> {
  const uploads = new Uploads(store);
  let sessions = 0;
  for await (const name of walkRepositories(store, uploadsPrefix)) {
    sessions += await uploads.purge(name, await store.driver.list(uploadsPrefix(name)), ageMs);
    // So that requests are served meanwhile.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { sessions, temporaryFiles: await store.driver.sweepTemporary(temporaryAgeMs) };
}
