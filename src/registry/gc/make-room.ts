// Room on a full disk that only other registries have used: there, a collection has neither locks nor a trash, and cannot
// make them. The caller keeps every server of ours from starting (storage/root-gate.ts). What is removed is gone for good, so
// things go one by one: the caller asks for the next only if the last one was not enough.
import { listBlobs } from "../blob-places.ts";
import { blobKey, uploadsPrefix } from "../layout.ts";
import { walkRepositories } from "../repository-walk.ts";
import type { Store } from "../store.ts";
import { temporaryAgeMs } from "../upload-purge.ts";
import { StoreUploads } from "../uploads.ts";
import { markLinked } from "./blobs.ts";
import { type GcOptions, startRun } from "./run.ts";

/** What may go. */
export type RoomOptions = Pick<GcOptions, "graceMs" | "uploadAgeMs" | "rules">;

/** Nothing is left that may go. */
export class NoRoomError extends Error {}

/** Removes one thing after the other and says what; throws a NoRoomError at the end. */
export async function* makeRoom(store: Store, options: RoomOptions): AsyncGenerator<string, never> {
  // What another registry has just unlinked stays unlinked before anything is destroyed.
  await store.directory.syncAll();
  const files = await store.directory.sweepTemporary(temporaryAgeMs);
  if (files > 0) yield `${files} temporary files`;
  yield* removeUploads(store, options.uploadAgeMs);
  yield* removeBlobs(store, options);
  throw new NoRoomError(
    "the disk is full, and nothing on it may be removed: no old temporary file, no abandoned upload, and no blob without a link " +
      "that is older than the grace; free a few MiB, or choose a shorter --grace",
  );
}

async function* removeUploads(store: Store, ageMs: number): AsyncGenerator<string> {
  const uploads = new StoreUploads(store);
  for await (const name of walkRepositories(store, uploadsPrefix)) {
    for (const id of await store.objects.list(uploadsPrefix(name))) {
      const gone = await uploads.purge(name, { ids: [id], ageMs, isDryRun: false, hasTrash: false });
      if (gone.length > 0) yield `the upload ${id} of ${name}`;
    }
  }
}

/** Those that no link leads to; none at all if there is any doubt. */
async function* removeBlobs(store: Store, { graceMs, rules }: RoomOptions): AsyncGenerator<string> {
  const run = startRun(store, {
    graceMs,
    isDryRun: false,
    report: (event) => {
      if (event.kind === "finding") throw doubt(event.problem);
    },
  });
  await markLinked(run, rules).catch((error: unknown) => {
    throw error instanceof NoRoomError ? error : doubt(String(error));
  });
  for await (const place of listBlobs(store)) {
    if (!("digest" in place) || run.marked.has(place.digest)) continue;
    const stat = await store.objects.stat(blobKey(place.digest));
    if (stat === undefined || run.isYoung(stat.changedMs)) continue;
    if (await store.objects.delete(blobKey(place.digest))) yield `the blob ${place.digest}`;
  }
}

function doubt(problem: string): NoRoomError {
  return new NoRoomError(`the disk is full, and no blob may be removed because of this: ${problem}; free a few MiB`);
}
