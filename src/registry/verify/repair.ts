// Repairing what a check found, as a writer that adds does: the repository's lock shared, the link, then a look at the
// bytes. Nothing is removed but links that promise nothing, and what was deleted or moved since the check stays so.

import type { Key } from "../../storage/ports.ts";
import { findBlob, linkBlob } from "../find-blob.ts";
import { blobKey, tagCurrentLink, tagIndexLink } from "../layout.ts";
import { putLink } from "../links.ts";
import { noteMove } from "../move-log.ts";
import { type Store, withAdding, withLock } from "../store.ts";
import { isTag, readTag } from "../tags.ts";
import type { Repair, VerifyRepaired } from "./report.ts";

/** Repairs it; undefined if that turned out to be impossible. */
export async function applyRepair(store: Store, repair: Repair): Promise<VerifyRepaired["how"] | undefined> {
  switch (repair.kind) {
    case "restore": {
      return (await store.garbage.restore(blobKey(repair.digest))) ? "restored" : undefined;
    }
    case "link":
      return withAdding(store, repair.name, async (adding) => {
        if (!(await isCalledFor(store, repair.because))) return undefined;
        // A collector that has finished reading links sees by the time of the bytes that somebody needs them.
        await store.objects.renew(blobKey(repair.digest));
        const { stat } = await linkBlob(store, adding, { link: repair.key, target: repair.digest });
        return stat === undefined || stat === "noticed" ? undefined : "linked";
      });
    case "unlink":
      // Exclusively: no push is between its link and its look, and whoever was told of the link has bytes to be found.
      return withLock(store, repair.name, "alone", async () => {
        if ((await findBlob(store, repair.digest)) !== undefined) return undefined;
        // Damaged bytes are not found, but they may have been acknowledged.
        if ((await store.objects.stat(blobKey(repair.digest))) !== undefined) return undefined;
        return (await store.objects.delete(repair.key)) ? "unlinked" : undefined;
      });
    case "tag":
      // Exclusively: between a look and a write under a shared lock, a push may move the tag.
      return withLock(store, repair.name, "alone", async () => {
        const { name, tag, digest } = repair;
        const isDamaged = (await isTag(store, name, tag)) && (await readTag(store, name, tag)) === undefined;
        if (!isDamaged) return undefined;
        await putLink(store, tagIndexLink(name, tag, digest), digest);
        await noteMove(store, name, { tag, digest });
        await store.objects.put(tagCurrentLink(name, tag), new TextEncoder().encode(digest));
        return "linked";
      });
  }
}

/** What stands in the place of a link calls for it as the link did. */
async function isCalledFor(store: Store, because: Key): Promise<boolean> {
  return (await store.objects.stat(because)) !== undefined || (await store.directory.isObstructed(because));
}
