// Carrying out a plan: removes links that the caller has announced, or under the repository's exclusive lock.
import type { Pace } from "../../lib/pacer.ts";
import type { RepositoryName } from "../../oci/name.ts";
import type { Tag } from "../../oci/reference.ts";
import type { Removing } from "../../storage/changes.ts";
import type { Key } from "../../storage/ports.ts";
import {
  deletedLink,
  deletingKey,
  layerLink,
  referrerLink,
  revisionLink,
  subjectPrefix,
  tagCurrentLink,
  tagIndexLink,
  tagPrefix,
  tagsPrefix,
} from "../layout.ts";
import type { ReferrerEntry } from "../referrer-index.ts";
import { removeIfEmpty } from "../repositories.ts";
import type { Store } from "../store.ts";
import { listTagIndex, readTag, removeTag } from "../tags.ts";
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

/** Everything to be removed that a push may rely on. */
export function keysOf(name: RepositoryName, planned: Pick<Unlinking, "scan" | "plan">): readonly Key[] {
  return [
    ...revisionLinks(name, planned.plan),
    ...staleEntries(planned).map(({ subject, digest }) => referrerLink(name, subject, digest)),
    ...layerLinks(name, planned.plan),
    ...planned.scan.vacantTags.map((tag) => tagCurrentLink(name, tag)),
  ];
}

function revisionLinks(name: RepositoryName, { revisions }: PrunePlan): readonly Key[] {
  return revisions.map((digest) => revisionLink(name, digest));
}

function layerLinks(name: RepositoryName, { layers }: PrunePlan): readonly Key[] {
  return layers.map((digest) => layerLink(name, digest));
}

/** Returns which directories without a link went: a killed writer may have left something in one. */
export async function unlinkAll(store: Store, name: RepositoryName, unlinking: Unlinking): Promise<readonly Key[]> {
  const { removing, scan, plan } = unlinking;
  if (plan.revisions.length > 0) await forgetInIndexes(store, name, unlinking);
  await removing.deleteAll(revisionLinks(name, plan), notYet);
  await forgetEntries(store, name, unlinking);
  await removing.deleteAll(layerLinks(name, plan), notYet);
  for (const tag of scan.vacantTags) await removeVacantTag(store, name, { removing, tag });
  if (scan.isDeleting) await removing.drop(deletingKey(name));
  for (const digest of plan.notes) await removing.drop(deletedLink(name, digest), notYet);
  const directories: Key[] = [];
  for (const prefix of scan.vacancies) {
    if (await store.directory.removeEmpty(prefix, notYet)) directories.push(prefix);
  }
  await removeIfEmpty(store, name);
  return directories;
}

/** A tag that goes, and what was announced. */
interface TagUnlinking {
  readonly removing: Removing;
  readonly tag: Tag;
}

async function removeVacantTag(store: Store, name: RepositoryName, { removing, tag }: TagUnlinking): Promise<void> {
  if (store.changes.isExclusive) return void (await removeTag(store, name, { removing, tag }));
  // A listing may show a tag and not yet the manifest that a push has just moved it to.
  const digest = await readTag(store, name, tag);
  if (digest !== undefined && (await store.objects.stat(revisionLink(name, digest))) !== undefined) return;
  await takeTag(store, name, { removing, tag });
}

/**
 * Takes away a tag that was announced and then looked at, where nobody is kept from moving it: who has moved it since is told
 * that it is gone. With what lies beside it, such as when it was pulled, which would make it look as if it were there.
 */
export async function takeTag(
  store: Pick<Store, "listings">,
  name: RepositoryName,
  { removing, tag }: TagUnlinking,
): Promise<void> {
  const current = tagCurrentLink(name, tag);
  for await (const page of store.listings?.scan(tagPrefix(name, tag)) ?? []) {
    for (const { key } of page) if (key !== current) await removing.drop(key);
  }
  await removing.delete(current);
}

/** After the revisions, as a push writes its entry after them: a kill in between leaves an entry too many, or none. */
async function forgetEntries(store: Store, name: RepositoryName, unlinking: Unlinking): Promise<void> {
  const { removing, pace } = unlinking;
  const entries = staleEntries(unlinking);
  for (const { subject, digest } of entries) {
    await pace?.();
    await removing.delete(referrerLink(name, subject, digest), notYet);
  }
  for (const subject of new Set(entries.map((entry) => entry.subject))) {
    await store.directory.removeEmpty(subjectPrefix(name, subject), notYet);
  }
}

/** Those that were stale before, and those of the manifests that go. */
function staleEntries({ scan, plan }: Pick<Unlinking, "scan" | "plan">): readonly ReferrerEntry[] {
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
