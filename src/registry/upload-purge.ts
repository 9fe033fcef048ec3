// Purging of uploads that nobody finished, by age.
import { createPacer } from "../lib/pacer.ts";
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
export const temporaryAgeMs = 24 * 3_600_000;

/** Removes (or in a dry run counts) sessions without a write for longer than `ageMs`, and files of dead writers. */
export async function purgeUploads(
  store: Store,
  ageMs: number,
  options: { readonly isDryRun: boolean } = { isDryRun: false },
): Promise<PurgeOutcome> {
  const uploads = new Uploads(store);
  const pace = createPacer();
  let sessions = 0;
  for await (const name of walkRepositories(store, uploadsPrefix)) {
    const ids = await store.driver.list(uploadsPrefix(name));
    sessions += await uploads.purge(name, { ids, ageMs, isDryRun: options.isDryRun });
    await pace();
  }
  return { sessions, temporaryFiles: await store.driver.sweepTemporary(temporaryAgeMs, options) };
}
