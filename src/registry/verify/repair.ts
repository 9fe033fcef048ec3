// Repairing what a check found, as a writer that adds does: the repository's lock shared, the link, then a look at the
// bytes. Nothing is removed but links that promise nothing, and what was deleted or moved since the check stays so.

import type { Adding } from "../../storage/changes.ts";
import type { Key } from "../../storage/ports.ts";
import { findBlob, linkBlob } from "../find-blob.ts";
import { blobKey, tagCurrentLink } from "../layout.ts";
import { type Store, withAdding, withRemoving } from "../store.ts";
import { isTag, moveTag, readTag } from "../tags.ts";
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
        // A collector that has already read the links sees from the time of the bytes that they are needed.
        await store.objects.renew(blobKey(repair.digest));
        const { stat } = await linkBlob(store, adding, { link: repair.key, target: repair.digest });
        return stat === undefined || stat === "noticed" ? undefined : "linked";
      });
    case "unlink":
      // Announced: no push is between writing its link and checking it, and whatever was acknowledged has bytes that can be found.
      return withRemoving(store, repair.name, [repair.key], async (removing) => {
        if ((await findBlob(store, repair.digest)) !== undefined) return undefined;
        // Damaged bytes are not found, but they may have been acknowledged.
        if ((await store.objects.stat(blobKey(repair.digest))) !== undefined) return undefined;
        return (await removing.delete(repair.key)) ? "unlinked" : undefined;
      });
    case "tag":
      return withAdding(store, repair.name, (adding) => repairTag(store, adding, repair), { isConditional: true });
  }
}

/** Only if it is unchanged: a push may move it meanwhile. */
async function repairTag(
  store: Store,
  adding: Adding,
  { name, tag, digest }: Extract<Repair, { readonly kind: "tag" }>,
): Promise<"linked" | undefined> {
  const condition = { expected: await store.objects.stat(tagCurrentLink(name, tag)) };
  const isDamaged = (await isTag(store, name, tag)) && (await readTag(store, name, tag)) === undefined;
  if (!isDamaged) return undefined;
  await moveTag(store, name, { adding, tag, digest, condition });
  return "linked";
}

/** An obstacle in the place of a link shows, like the link itself, that it is needed. */
async function isCalledFor(store: Store, because: Key): Promise<boolean> {
  return (await store.objects.stat(because)) !== undefined || (await store.directory.isObstructed(because));
}
