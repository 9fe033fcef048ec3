// Mending what a check found, as somebody who adds does: the repository's lock shared, the link, then a look at the
// bytes. Nothing is taken away.

import { findBlob } from "./blobs.ts";
import { blobKey, blobTrashName, tagCurrentLink, tagIndexLink } from "./layout.ts";
import { putLink } from "./links.ts";
import { type Store, withLock } from "./store.ts";
import type { Repair, VerifyRepaired } from "./verify-report.ts";

/** Mends; undefined where it turned out to be impossible. */
export async function applyRepair(store: Store, repair: Repair): Promise<VerifyRepaired["how"] | undefined> {
  switch (repair.kind) {
    case "restore": {
      const isBack = await store.driver.restore(blobTrashName(repair.digest), blobKey(repair.digest));
      return isBack ? "restored" : undefined;
    }
    case "link":
      return withLock(store, repair.name, "shared", async () => {
        await putLink(store, repair.key, repair.digest);
        return (await findBlob(store, repair.digest)) === undefined ? undefined : "linked";
      });
    case "tag":
      return withLock(store, repair.name, "shared", async (): Promise<"linked"> => {
        const { name, tag, digest } = repair;
        await putLink(store, tagIndexLink(name, tag, digest), digest);
        await store.driver.write(tagCurrentLink(name, tag), new TextEncoder().encode(digest));
        return "linked";
      });
  }
}
