// What a collector reads of one repository, without a lock: its links with their times, and what its manifests name.
// Anything that cannot be read or understood is a problem, and protects everything that the repository links.
import { mapAhead } from "../../lib/ahead.ts";
import type { Pace } from "../../lib/pacer.ts";
import type { Digest } from "../../oci/digest.ts";
import type { RepositoryName } from "../../oci/name.ts";
import { parseTag, type Tag } from "../../oci/reference.ts";
import { readStoredNamesInTurns, type StoredNames } from "../../oci/stored-names.ts";
import type { Key } from "../../storage/ports.ts";
import { knownTargets } from "../known-targets.ts";
import { deletedPrefix, deletingKey, linkPrefixes, subjectPrefix } from "../layout.ts";
import { listDigests, readLink } from "../links.ts";
import { type IndexedSubject, isStaleEntry, type ReferrerEntry, walkReferrerIndex } from "../referrer-index.ts";
import type { Store } from "../store.ts";
import { hasDirectories, readsAtOnce, viewOf } from "../view.ts";
import { readWhole } from "../whole-bytes.ts";
import { type DatedLink, readLinks } from "./links.ts";
import { rememberNames } from "./names-memory.ts";

/** A manifest that the repository holds. */
export interface Revision extends StoredNames {
  readonly digest: Digest;
  /** When its link was last written or touched, in milliseconds since 1970. */
  readonly changedMs: number;
}

/** Everything of one repository that decides what may go. */
export interface RepositoryScan {
  readonly prefix: Key;
  /** Undefined if the path is no repository name: nothing goes there. */
  readonly name: RepositoryName | undefined;
  readonly revisions: ReadonlyMap<Digest, Revision>;
  /** Links of blobs with their times. */
  readonly layers: ReadonlyMap<Digest, number>;
  /** Digests inside links whose path says another: registry:2 stores sha512 uploads under sha256. */
  readonly aliases: readonly Digest[];
  readonly tags: ReadonlyMap<Tag, Digest>;
  /** Tag directories without `current`, left by killed pushes, and tags left by killed deletions. */
  readonly vacantTags: readonly Tag[];
  /** Directories of links without a link, which other registries leave behind. */
  readonly vacancies: readonly Key[];
  /** What clients have deleted. */
  readonly deleted: ReadonlySet<Digest>;
  /** Whether a manifest is being deleted with its tags, or was when that process died. */
  readonly isDeleting: boolean;
  /** Entries of the index of referrers without a matching manifest. */
  readonly staleEntries: readonly ReferrerEntry[];
  readonly hasUploads: boolean;
  /** Whether a manifest is being pushed, so that what it names is not known yet. */
  readonly isBusy: boolean;
  /** Manifests whose references are unknown: missing, damaged, or being pushed. */
  readonly unread: ReadonlySet<Digest>;
  /** Whether there are links or tags whose target is unknown. */
  readonly hasStrayLinks: boolean;
  /** Sentences about what cannot be understood. */
  readonly problems: readonly string[];
}

/** What is to be read. */
interface ScanOptions extends Pick<RepositoryScan, "prefix" | "name"> {
  /** The store with the links of this repository as just listed; a view of its own if absent. */
  readonly seen?: Store | undefined;
  readonly pace?: Pace | undefined;
}

/** Reads a repository; throws if a directory of links cannot be listed. */
export async function scanRepository(store: Store, options: ScanOptions): Promise<RepositoryScan> {
  const { prefix, name, pace } = options;
  const seen = options.seen ?? (await viewOf(store, prefix));
  const places = linkPrefixes(prefix);
  // Before the revisions, since a push makes an entry after its revision: so none of a push looks stale.
  const index = name === undefined ? [] : await Array.fromAsync(walkReferrerIndex(seen, name));
  const layers = await readLinks(seen, places.layers, pace);
  const links = await readLinks(seen, places.revisions, pace);
  const { revisions, isBusy, unread, problems } = await readRevisions(store, {
    prefix,
    name,
    links: links.links,
    pace,
  });
  const { deleted, isDeleting } = await readDeletions(seen, name);
  const tags = await scanTags(seen, places.tags, { revisions, deleted });
  const hasUploads = (await seen.objects.list(places.uploads, { limit: 1 })).length > 0;
  return {
    prefix,
    name,
    revisions,
    layers: new Map(layers.links.map(({ digest, changedMs }) => [digest, changedMs])),
    aliases: [...layers.aliases, ...links.aliases],
    tags: tags.tags,
    vacantTags: tags.vacantTags,
    vacancies: hasDirectories(store) ? [...vacantSubjects(index, name), ...layers.vacancies, ...links.vacancies] : [],
    deleted,
    isDeleting,
    staleEntries: staleEntriesOf(index, revisions),
    hasUploads,
    isBusy,
    unread,
    hasStrayLinks: layers.problems.length + links.problems.length + tags.problems.length > 0,
    problems: [
      ...(name === undefined ? [`${prefix} is not a repository name`] : []),
      ...[layers, links, { problems }, tags].flatMap((part) => part.problems),
    ],
  };
}

function staleEntriesOf(
  index: readonly IndexedSubject[],
  revisions: RepositoryScan["revisions"],
): readonly ReferrerEntry[] {
  const entries = index.flatMap((subject) => subject.entries);
  return entries.filter((entry) => isStaleEntry(entry, revisions.get(entry.digest)));
}

async function readDeletions(
  store: Store,
  name: RepositoryName | undefined,
): Promise<Pick<RepositoryScan, "deleted" | "isDeleting">> {
  if (name === undefined) return { deleted: new Set(), isDeleting: false };
  const deleted = new Set(await Array.fromAsync(listDigests(store, deletedPrefix(name))));
  return { deleted, isDeleting: (await store.objects.stat(deletingKey(name))) !== undefined };
}

/** Directories of subjects without any referrer left. */
function vacantSubjects(index: readonly IndexedSubject[], name: RepositoryName | undefined): readonly Key[] {
  if (name === undefined) return [];
  return index.filter(({ entries }) => entries.length === 0).map(({ subject }) => subjectPrefix(name, subject));
}

/**
 * What has changed in a repository since it was scanned; the caller holds its lock exclusively. Revisions with their new
 * times, new ones read, the tags, and the entries that are still stale. The tags are read again although every push
 * touches a revision before it tags it: the scan may have come between, and the grace may be shorter than that moment.
 */
export async function scanAgain(
  store: Store,
  before: RepositoryScan,
  pace?: Pace,
): Promise<RepositoryScan | { readonly problem: string }> {
  const places = linkPrefixes(before.prefix);
  const seen = await viewOf(store, before.prefix);
  const revisions = new Map<Digest, Revision>();
  const { links, problems } = await readLinks(seen, places.revisions, pace);
  if (problems[0] !== undefined) return { problem: problems[0] };
  for (const { digest, changedMs } of links) {
    const names = before.revisions.get(digest) ?? (await readNames(store, digest));
    if (names === undefined) return { problem: describeUnreadable(before.prefix, digest) };
    revisions.set(digest, { digest, changedMs, named: names.named, subject: names.subject });
  }
  const tags = await scanTags(seen, places.tags, { revisions, deleted: before.deleted });
  if (tags.problems[0] !== undefined) return { problem: tags.problems[0] };
  const staleEntries = before.staleEntries.filter((entry) => isStaleEntry(entry, revisions.get(entry.digest)));
  // What was not vacant in the scan was not announced, which some stores need.
  const wereVacant = new Set(before.vacantTags);
  const vacantTags = tags.vacantTags.filter((tag) => store.changes.isExclusive || wereVacant.has(tag));
  return { ...before, revisions, tags: tags.tags, vacantTags, staleEntries };
}

/** The manifests that the links lead to, and what they name; nothing if that cannot be told. */
async function readRevisions(
  store: Store,
  {
    prefix,
    name,
    links,
    pace,
  }: Pick<RepositoryScan, "prefix" | "name"> & {
    readonly links: readonly DatedLink[];
    readonly pace: Pace | undefined;
  },
) {
  const revisions = new Map<Digest, Revision>();
  const problems: string[] = [];
  const unread = new Set<Digest>();
  let isBusy = false;
  const read = async (link: DatedLink) => {
    await pace?.();
    return { link, names: await readNamesOf(store, { name, link: link.key, digest: link.digest }) };
  };
  for await (const { link, names } of mapAhead(links, readsAtOnce(store), read)) {
    const { digest, changedMs } = link;
    if (names === "gone") continue;
    if (names === "busy") isBusy = true;
    if (names === "unreadable") problems.push(describeUnreadable(prefix, digest));
    if (typeof names === "string") unread.add(digest);
    const { named, subject } = typeof names === "string" ? nothingNamed : names;
    revisions.set(digest, { digest, changedMs, named, subject });
  }
  return { revisions, problems, isBusy, unread };
}

const nothingNamed: StoredNames = { named: new Set(), subject: undefined };

/**
 * A tag whose manifest a client had deleted was left by a deletion that was killed: it is vacant. If others push beside a
 * deletion, its tags go first, and any that leads nowhere is one that came too late.
 */
async function scanTags(
  store: Store,
  prefix: Key,
  { revisions, deleted }: Pick<RepositoryScan, "revisions" | "deleted">,
) {
  const problems: string[] = [];
  const tags = new Map<Tag, Digest>();
  const vacantTags: Tag[] = [];
  const known = await knownTargets(store.listings, revisions.keys());
  const isLeftOver = (digest: Digest) => !revisions.has(digest) && (deleted.has(digest) || !store.changes.isExclusive);
  const others = (text: string) => {
    if (parseTag(text) !== undefined) problems.push(`${prefix}/${text} is not a directory`);
  };
  for (const text of await store.objects.list(prefix, { others })) {
    const tag = parseTag(text);
    if (tag === undefined) continue;
    const current = await readCurrent(store, `${prefix}/${tag}/current/link`, known);
    if (current === undefined) vacantTags.push(tag);
    else if ("problem" in current) problems.push(current.problem);
    else if (isLeftOver(current.digest)) vacantTags.push(tag);
    else tags.set(tag, current.digest);
  }
  return { tags, vacantTags, problems };
}

/** Undefined if there is none. */
async function readCurrent(
  store: Store,
  link: Key,
  known: ReadonlyMap<string, Digest>,
): Promise<{ readonly digest: Digest } | { readonly problem: string } | undefined> {
  try {
    const stat = await store.objects.stat(link);
    if (stat === undefined) {
      return (await store.directory.isObstructed(link)) ? { problem: `${link} is not a file` } : undefined;
    }
    // There, a deletion empties it.
    if (stat.sizeBytes === 0 && !store.changes.isExclusive) return undefined;
    const digest = known.get(stat.identity) ?? (await readLink(store, link));
    return digest === undefined ? { problem: `${link} is empty or malformed` } : { digest };
  } catch (error) {
    return { problem: `${link} cannot be read: ${error}` };
  }
}

/** What stored bytes name; undefined if they are missing or do not match the digest, and were never read before. */
export async function readNames(store: Store, digest: Digest): Promise<StoredNames | undefined> {
  return await rememberNames(store.listings, digest, async () => {
    const bytes = await readWhole(store, digest);
    return bytes === undefined ? undefined : await readStoredNamesInTurns(bytes);
  });
}

/**
 * Those of a revision, unless it is deleted meanwhile. A push has the link before it looks for the bytes, which it then
 * writes again or restores: so what is missing counts only if nobody pushes.
 */
async function readNamesOf(
  store: Store,
  { name, link, digest }: { readonly name: RepositoryName | undefined; readonly link: Key; readonly digest: Digest },
): Promise<StoredNames | "gone" | "busy" | "unreadable"> {
  const names = await readNames(store, digest);
  if (names !== undefined) return names;
  await using held = name === undefined ? undefined : await store.changes.removing(name, { keys: [], waitMs: 0 });
  if (name !== undefined && held === undefined) return "busy";
  const isThere = (await store.objects.stat(link).catch(() => true)) !== undefined;
  if (!isThere && !(await store.directory.isObstructed(link))) return "gone";
  return (await readNames(store, digest)) ?? "unreadable";
}

function describeUnreadable(prefix: Key, digest: Digest): string {
  return `the manifest ${digest} of ${prefix} is missing or damaged`;
}
