// Upload sessions that are open, whoever began them.
import { uploadKey, uploadsPrefix } from "../layout.ts";
import { walkRepositories } from "../repository-walk.ts";
import type { Store } from "../store.ts";

/** How many there are, and how much has arrived in them. */
export interface OpenUploads {
  readonly sessions: number;
  readonly sizeBytes: number;
}

/** Counts them, without taking hold of any. */
export async function measureUploads(store: Store, signal?: AbortSignal): Promise<OpenUploads> {
  let [sessions, sizeBytes] = [0, 0];
  for await (const name of walkRepositories(store, uploadsPrefix)) {
    for (const id of await store.objects.list(uploadsPrefix(name))) {
      signal?.throwIfAborted();
      const stat = await store.objects.stat(uploadKey(name, id));
      if (stat === undefined) continue;
      sessions += 1;
      sizeBytes += stat.sizeBytes;
    }
  }
  return { sessions, sizeBytes };
}
