// The tags of a repository: each points to a manifest that is there, and its index has that.
import type { Digest } from "../../oci/digest.ts";
import { parseTag, type Tag } from "../../oci/reference.ts";
import type { Key } from "../../storage/ports.ts";
import { isDeleted } from "../deletions.ts";
import { knownTargets } from "../known-targets.ts";
import { revisionLink, tagCurrentLink, tagIndexLink } from "../layout.ts";
import { readLink } from "../links.ts";
import { listTagIndex } from "../tags.ts";
import { addFinding, findUnlinked, type RepositoryCheck } from "./links.ts";

/** The manifests that the repository holds. */
type Revisions = Pick<ReadonlyMap<Digest, unknown>, "has" | "keys">;

/** What the tags of a repository lead to. */
export interface TagTargets {
  /** Manifests that a tag leads or has ever led to. */
  readonly tagged: Set<Digest>;
  /** Manifests that a tag leads to and that are not linked, although they are there. */
  readonly unlinked: Set<Digest>;
}

interface TagCheck extends TagTargets {
  readonly check: RepositoryCheck;
  readonly revisions: Revisions;
  /** By the identity of a link. */
  readonly known: ReadonlyMap<string, Digest>;
}

/** Checks the tags below a prefix. */
export async function checkTags(check: RepositoryCheck, prefix: Key, revisions: Revisions): Promise<TagTargets> {
  const known = await knownTargets(check.store.listings, revisions.keys());
  const tags: TagCheck = { check, revisions, known, tagged: new Set(), unlinked: new Set() };
  const others = (text: string) => {
    if (parseTag(text) === undefined) return;
    addFinding(check, { severity: "lost", subject: text, problem: "the tag is not a directory" });
  };
  for (const text of await check.store.objects.list(prefix, { others })) {
    await check.pace?.();
    const tag = parseTag(text);
    if (tag === undefined)
      addFinding(check, { severity: "untidy", subject: text, problem: "its name is not a valid tag" });
    else await checkTag(tags, tag);
  }
  return tags;
}

async function checkTag(tags: TagCheck, tag: Tag): Promise<void> {
  const { check, revisions } = tags;
  const { store, name } = check;
  const current = tagCurrentLink(name, tag);
  const stat = await store.objects.stat(current);
  // A deletion beside others who push empties a tag, and a collection takes it away.
  if (stat?.sizeBytes === 0 && !store.changes.isExclusive) return;
  if (stat === undefined) {
    if (await store.directory.isObstructed(current)) {
      return addFinding(check, { severity: "lost", subject: tag, problem: "what the tag points to is not a file" });
    }
    const problem = "the tag points to nothing; `registry gc` takes it away";
    return addFinding(check, { severity: "untidy", subject: tag, problem });
  }
  const digest = tags.known.get(stat.identity) ?? (await readLink(store, current));
  if (digest === undefined) return findUnreadableTag(check, tag, revisions);
  if (!revisions.has(digest)) {
    const link = revisionLink(name, digest);
    if (await isDeleted(store, name, digest)) {
      const problem = "the manifest of the tag was deleted; `registry gc` takes the tag away";
      return addFinding(check, { severity: "untidy", subject: tag, problem });
    }
    const unlinked = { digest, link, role: `the manifest of the tag ${tag}`, because: current };
    if ((await findUnlinked(check, unlinked)) !== undefined) tags.unlinked.add(digest);
  }
  // Where others push meanwhile nobody keeps an index.
  if (store.changes.isExclusive) await checkTagIndex(tags, tag, digest);
  else tags.tagged.add(digest);
}

/** Entries of manifests that are gone say nothing. On a store that is listed at once, none is written. */
async function checkTagIndex({ check, revisions, tagged }: TagCheck, tag: Tag, digest: Digest): Promise<void> {
  const { store, name } = check;
  const entries = new Set([digest]);
  for await (const entry of listTagIndex(store, name, tag)) if (revisions.has(entry)) entries.add(entry);
  for (const entry of entries) {
    tagged.add(entry);
    const key = tagIndexLink(name, tag, entry);
    const isThere = (entry === digest && store.changes.isExclusive) || (await store.objects.stat(key)) !== undefined;
    if (!isThere || (await readLink(store, key).catch(() => undefined)) === entry) continue;
    const problem = entry === digest ? "its index lacks what it points to" : `its index is damaged for ${entry}`;
    const repair = { kind: "link", name, key, digest: entry, because: tagCurrentLink(name, tag) } as const;
    addFinding(check, { severity: "repairable", subject: tag, problem, repair });
  }
}

/** The index has everything that the tag ever pointed to; if that is one manifest, the tag pointed to it. */
async function findUnreadableTag(check: RepositoryCheck, tag: Tag, revisions: Revisions): Promise<void> {
  const { store, name } = check;
  const candidates: Digest[] = [];
  for await (const candidate of listTagIndex(store, name, tag)) candidates.push(candidate);
  const [digest, ...others] = candidates;
  const isCertain = digest !== undefined && others.length === 0 && revisions.has(digest);
  addFinding(check, {
    severity: isCertain ? "repairable" : "lost",
    subject: tag,
    problem: "what the tag points to cannot be read",
    ...(isCertain ? { repair: { kind: "tag", name, tag, digest } } : {}),
  });
}
