// Unlinking what a plan says, by somebody who has announced it, or holds the repository's lock exclusively.
import type { Pace } from "../../lib/pacer.ts";
import type { RepositoryName } from "../../oci/name.ts";
import type { Removing } from "../../storage/changes.ts";
import type { Key } from "../../storage/ports.ts";
import {
  deletedLink,
  deletingKey,
  layerLink,
  referrerLink,
  revisionLink,
  subjectPrefix,
  tagIndexLink,
  tagsPrefix,
} from "../layout.ts";
import type { ReferrerEntry } from "../referrer-index.ts";
import { removeIfEmpty } from "../repositories.ts";
import type { Store } from "../store.ts";
import { listTagIndex, trashTag } from "../tags.ts";
import { viewOf } from "../view.ts";
import type { PrunePlan } from "./plan.ts";
import type { RepositoryScan } from "./scan.ts";

/** What goes, and how. */
export interface Unlinking {
  readonly removing: Removing;
  readonly scan: RepositoryScan;
  readonly plan: PrunePlan;
  readonly pace: Pace | undefined;
}

/** Until the next run syncs, a power cut may undo it: then the next run does it again. */
const notYet = { isDurable: false } as const;

/** Returns which directories without a link went: a killed writer may have left something in one. */
export async function unlinkAll(store: Store, name: RepositoryName, unlinking: Unlinking): Promise<readonly Key[]> {
  const { removing, scan, plan } = unlinking;
  if (plan.revisions.length > 0) await forgetInIndexes(store, name, unlinking);
  const revisions = plan.revisions.map((digest) => revisionLink(name, digest));
  await removing.deleteAll(revisions, notYet);
  await forgetEntries(store, name, unlinking);
  const layers = plan.layers.map((digest) => layerLink(name, digest));
  await removing.deleteAll(layers, notYet);
  for (const tag of scan.vacantTags) await trashTag(store, name, tag);
  if (scan.isDeleting) await removing.drop(deletingKey(name));
  for (const digest of plan.notes) await removing.drop(deletedLink(name, digest), notYet);
  const directories: Key[] = [];
  for (const prefix of scan.vacancies) {
    if (await store.directory.removeEmpty(prefix, notYet)) directories.push(prefix);
  }
  await removeIfEmpty(store, name);
  return directories;
}

/** After the revisions, as a push writes its entry after them: a kill in between leaves an entry too many, or none. */
async function forgetEntries(store: Store, name: RepositoryName, unlinking: Unlinking): Promise<void> {
  const { removing, pace } = unlinking;
  const entries = staleEntries(unlinking);
  for (const { subject, digest } of entries) {
    await pace?.();
    await removing.drop(referrerLink(name, subject, digest), notYet);
  }
  for (const subject of new Set(entries.map((entry) => entry.subject))) {
    await store.directory.removeEmpty(subjectPrefix(name, subject), notYet);
  }
}

/** Those that were stale before, and those of the manifests that go. */
function staleEntries({ scan, plan }: Unlinking): readonly ReferrerEntry[] {
  const ofThese = plan.revisions.flatMap((digest) => {
    const subject = scan.revisions.get(digest)?.subject;
    return subject === undefined ? [] : [{ subject, digest }];
  });
  return [...scan.staleEntries, ...ofThese];
}

/** Lists each index once: there may be millions of pairs of tags and revisions, but there are few entries. */
async function forgetInIndexes(
  store: Store,
  name: RepositoryName,
  { removing, scan, plan, pace }: Unlinking,
): Promise<void> {
  const gone = new Set(plan.revisions);
  const seen = await viewOf(store, tagsPrefix(name));
  for (const tag of scan.tags.keys()) {
    await pace?.();
    for await (const digest of listTagIndex(seen, name, tag)) {
      if (gone.has(digest)) await removing.drop(tagIndexLink(name, tag, digest), notYet);
    }
  }
}
