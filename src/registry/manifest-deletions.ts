// Deleting manifests and tags, as clients ask for it.
import type { Digest } from "../oci/digest.ts";
import type { RepositoryName } from "../oci/name.ts";
import type { Tag } from "../oci/reference.ts";
import { deleteRevision, finishDeletion } from "./deletions.ts";
import { type IsImmutable, noneImmutable, refuseDeletion } from "./immutable-tags.ts";
import { referrerLink, revisionLink } from "./layout.ts";
import { describeBytes, type ManifestFacts } from "./manifest-memory.ts";
import { findManifest, unknownManifest } from "./manifests.ts";
import { removeIfEmpty } from "./repositories.ts";
import { refuseBusy, type Store, withRemoving } from "./store.ts";
import { tagSearchOf } from "./tag-search.ts";
import { isTag, readTag, removeTag } from "./tags.ts";

/** A manifest that the repository no longer has. */
export interface DeletedManifest {
  readonly digest: Digest;
  /** What it said, if its bytes could be read. */
  readonly facts: ManifestFacts | undefined;
  /** The tags that pointed to it, and went with it. */
  readonly tags: readonly Tag[];
}

/** A tag that the repository no longer has. */
export interface DeletedTag {
  readonly tag: Tag;
  /** What it pointed to; undefined if it was damaged. */
  readonly digest: Digest | undefined;
}

/** Deletes a manifest with every tag that points to it. */
export async function deleteManifest(
  store: Store,
  name: RepositoryName,
  { digest, isImmutable = noneImmutable }: { readonly digest: Digest; readonly isImmutable?: IsImmutable },
): Promise<DeletedManifest> {
  await tagSearchOf(store).prepare(name);
  return withRemoving(store, name, [revisionLink(name, digest)], async (removing) => {
    await finishDeletion(store, name, removing);
    const isLinked = (await store.objects.stat(revisionLink(name, digest))) !== undefined;
    const facts = isLinked ? (await findManifest(store, digest, describeBytes))?.facts : undefined;
    const tags = await deleteRevision(store, name, {
      removing,
      digest,
      check: (found) => refuseDeletion(name, { tags: found, isImmutable }),
    });
    if (tags === undefined) throw unknownManifest(name, { kind: "digest", digest });
    if (facts?.subject !== undefined) await removing.drop(referrerLink(name, facts.subject, digest));
    await removeIfEmpty(store, name);
    return { digest, facts, tags };
  });
}

/** Deletes one tag; the manifest and its other tags stay, also that whose last tag it was: its grace begins now. */
export async function deleteTag(
  store: Store,
  name: RepositoryName,
  { tag, isImmutable = noneImmutable }: { readonly tag: Tag; readonly isImmutable?: IsImmutable },
): Promise<DeletedTag> {
  return withRemoving(store, name, [], async (removing) => {
    await finishDeletion(store, name, removing);
    const digest = await readTag(store, name, tag);
    if (digest !== undefined) await store.objects.renew(revisionLink(name, digest));
    if (!(await isTag(store, name, tag))) throw unknownManifest(name, { kind: "tag", tag });
    refuseDeletion(name, { tags: [tag], isImmutable });
    if (!(await removeTag(store, name, { removing, tag, ...(digest && { digest }) }))) throw refuseBusy(name);
    await removeIfEmpty(store, name);
    return { tag, digest };
  });
}
