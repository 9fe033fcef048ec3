// What a run would remove from one repository, for a dry run. Whatever a killed writer left, such as a temporary file,
// stays and keeps its directory, and so its repository.
import type { RepositoryName } from "../../oci/name.ts";
import type { Key } from "../../storage/ports.ts";
import { layersPrefix, manifestsPrefix, referrerLink, referrersPrefix, tagPrefix, uploadsPrefix } from "../layout.ts";
import { listReferrerEntries } from "../referrer-index.ts";
import type { Store } from "../store.ts";
import type { Pruned } from "./plan.ts";

/** What of a plan would come true. */
export async function predictPruned(store: Store, name: RepositoryName, planned: Pruned): Promise<Pruned> {
  const directories: Key[] = [];
  for (const prefix of planned.directories) {
    if ((await store.directory.countObjects(prefix)) === 0) directories.push(prefix);
  }
  const isRepositoryGone = planned.isRepositoryGone && !(await isAnythingLeft(store, name, planned));
  return { ...planned, directories, isRepositoryGone };
}

/** Of a repository all of whose links go. */
async function isAnythingLeft(store: Store, name: RepositoryName, planned: Pruned): Promise<boolean> {
  let left = -planned.revisions.length - planned.layers.length;
  for (const prefix of [manifestsPrefix(name), referrersPrefix(name), uploadsPrefix(name), layersPrefix(name)]) {
    left += await store.directory.countObjects(prefix);
  }
  for (const tag of planned.tags) left -= await store.directory.countObjects(tagPrefix(name, tag));
  for await (const { subject, digest } of listReferrerEntries(store, name)) {
    if ((await store.objects.stat(referrerLink(name, subject, digest))) !== undefined) left -= 1;
  }
  return left > 0;
}
