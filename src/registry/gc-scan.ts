// What a collector reads of one repository, without a lock: its links with their times, and what its manifests name.
// What cannot be read or understood is a problem, and protects everything that the repository links.
import type { Pace } from "../lib/pacer.ts";
import { type Digest, digestAlgorithm, parseAlgorithm } from "../oci/digest.ts";
import { hashBytes } from "../oci/hash.ts";
import { maxManifestBytes } from "../oci/manifest.ts";
import type { RepositoryName } from "../oci/name.ts";
import { parseTag, type Tag } from "../oci/reference.ts";
import { readStoredNames, type StoredNames } from "../oci/stored-names.ts";
import type { Key } from "../storage/driver.ts";
import { blobKey, digestFromPath, linkPrefixes, subjectPrefix } from "./layout.ts";
import { readLink } from "./links.ts";
import { isStaleEntry, type ReferrerEntry, walkReferrerIndex } from "./referrer-index.ts";
import type { Store } from "./store.ts";

/** A manifest that the repository holds. */
export interface Revision extends StoredNames {
  readonly digest: Digest;
  /** When its link was last written or touched, in milliseconds since 1970. */
  readonly changedMs: number;
}

/** Everything of one repository that decides what may go. */
export interface RepositoryScan {
  readonly prefix: Key;
  /** Undefined where the path is no repository name: nothing goes there. */
  readonly name: RepositoryName | undefined;
  readonly revisions: ReadonlyMap<Digest, Revision>;
  /** Links of blobs with their times. */
  readonly layers: ReadonlyMap<Digest, number>;
  /** Digests that only the content of a link tells: registry:2 files sha512 uploads under sha256. */
  readonly aliases: readonly Digest[];
  readonly tags: ReadonlyMap<Tag, Digest>;
  /** Tag directories without `current`, of pushes that were killed. */
  readonly vacantTags: readonly Tag[];
  /** Directories of links without a link, which other registries leave behind. */
  readonly vacancies: readonly Key[];
  /** Entries of the index of referrers that no manifest bears out. */
  readonly staleEntries: readonly ReferrerEntry[];
  readonly hasUploads: boolean;
  /** Sentences about what cannot be understood. */
  readonly problems: readonly string[];
}

/** A directory that a link should be in. */
interface LinkPlace {
  readonly prefix: Key;
  /** Undefined where the path spells no digest that we store under. */
  readonly digest: Digest | undefined;
  readonly changedMs: number | undefined;
  /** What the link holds, where that is not the digest of its path. */
  readonly target: Digest | undefined;
  readonly problem: string | undefined;
}

/** Reads a repository; throws where a directory of links cannot be listed. */
export async function scanRepository(
  store: Store,
  {
    prefix,
    name,
    pace,
  }: { readonly prefix: Key; readonly name: RepositoryName | undefined; readonly pace?: Pace | undefined },
): Promise<RepositoryScan> {
  const places = linkPrefixes(prefix);
  const problems: string[] = [];
  if (name === undefined) problems.push(`${prefix} is not a repository name`);
  const layers = new Map<Digest, number>();
  const aliases: Digest[] = [];
  const vacancies: Key[] = [];
  // Before the revisions, since a push makes an entry after its revision: so none of a push looks stale.
  const index = name === undefined ? [] : await Array.fromAsync(walkReferrerIndex(store, name));
  for (const { subject, entries } of index) {
    if (name !== undefined && entries.length === 0) vacancies.push(subjectPrefix(name, subject));
  }
  const note = ({ prefix: place, changedMs, target, problem }: LinkPlace) => {
    if (target !== undefined) aliases.push(target);
    if (problem !== undefined) problems.push(problem);
    if (changedMs === undefined) vacancies.push(place);
  };
  for await (const place of walkLinks(store, places.layers)) {
    await pace?.();
    note(place);
    if (place.digest !== undefined && place.changedMs !== undefined) layers.set(place.digest, place.changedMs);
  }
  const revisions = new Map<Digest, Revision>();
  for await (const place of walkLinks(store, places.revisions)) {
    await pace?.();
    note(place);
    const { digest, changedMs } = place;
    if (digest === undefined || changedMs === undefined) continue;
    const names = await readNames(store, digest);
    if (names === undefined) problems.push(describeUnreadable(prefix, digest));
    revisions.set(digest, { digest, changedMs, named: names?.named ?? new Set(), subject: names?.subject });
  }
  const { tags, vacantTags } = await scanTags(store, places.tags, problems);
  const hasUploads = (await store.driver.list(places.uploads, { limit: 1 })).length > 0;
  const staleEntries = index
    .flatMap(({ entries }) => entries)
    .filter((entry) => isStaleEntry(entry, revisions.get(entry.digest)));
  return { prefix, name, revisions, layers, aliases, tags, vacantTags, vacancies, staleEntries, hasUploads, problems };
}

/**
 * What has changed of a repository since it was scanned, for who holds its lock alone: revisions with their new times,
 * new ones read, the tags, and which entries are stale still. The tags are read anew although every push touches a
 * revision before it tags it: the scan may have come between the two, and a grace may be shorter than that moment.
 */
export async function scanAgain(
  store: Store,
  before: RepositoryScan,
  pace?: Pace,
): Promise<RepositoryScan | { readonly problem: string }> {
  const places = linkPrefixes(before.prefix);
  const revisions = new Map<Digest, Revision>();
  for await (const { digest, changedMs, problem } of walkLinks(store, places.revisions)) {
    await pace?.();
    if (problem !== undefined) return { problem };
    if (digest === undefined || changedMs === undefined) continue;
    const names = before.revisions.get(digest) ?? (await readNames(store, digest));
    if (names === undefined) return { problem: describeUnreadable(before.prefix, digest) };
    revisions.set(digest, { digest, changedMs, named: names.named, subject: names.subject });
  }
  const problems: string[] = [];
  const { tags, vacantTags } = await scanTags(store, places.tags, problems);
  if (problems[0] !== undefined) return { problem: problems[0] };
  const staleEntries = before.staleEntries.filter((entry) => isStaleEntry(entry, revisions.get(entry.digest)));
  return { ...before, revisions, tags, vacantTags, staleEntries };
}

async function* walkLinks(store: Store, prefix: Key): AsyncGenerator<LinkPlace> {
  for (const algorithm of await store.driver.list(prefix)) {
    for (const hex of await store.driver.list(`${prefix}/${algorithm}`)) {
      yield await inspectLink(store, `${prefix}/${algorithm}/${hex}`, { algorithm, hex });
    }
  }
}

async function inspectLink(
  store: Store,
  prefix: Key,
  { algorithm, hex }: { readonly algorithm: string; readonly hex: string },
): Promise<LinkPlace> {
  const digest = digestFromPath(algorithm, hex);
  try {
    return await readPlace(store, { prefix, digest, isStorable: parseAlgorithm(algorithm) !== undefined });
  } catch (error) {
    // It is there, whatever it holds, and keeps what its path names.
    return { prefix, digest, changedMs: 0, target: undefined, problem: `${prefix}/link cannot be read: ${error}` };
  }
}

async function readPlace(
  store: Store,
  { prefix, digest, isStorable }: Pick<LinkPlace, "prefix" | "digest"> & { readonly isStorable: boolean },
): Promise<LinkPlace> {
  const stat = await store.driver.stat(`${prefix}/link`);
  const place = { prefix, digest, changedMs: stat?.changedMs, target: undefined, problem: undefined };
  // The length tells whether a link may hold another digest than its path; reading each would double the work.
  if (stat === undefined || stat.sizeBytes === digest?.length) return place;
  const target = await readLink(store, `${prefix}/link`);
  if (target === undefined) return { ...place, problem: `${prefix}/link is empty or malformed` };
  if (digest === undefined && isStorable) {
    return { ...place, target, problem: `${prefix} is not called by a digest` };
  }
  return { ...place, target };
}

async function scanTags(store: Store, prefix: Key, problems: string[]) {
  const tags = new Map<Tag, Digest>();
  const vacantTags: Tag[] = [];
  for (const text of await store.driver.list(prefix)) {
    const tag = parseTag(text);
    if (tag === undefined) continue;
    const current = await readCurrent(store, `${prefix}/${tag}/current/link`);
    if (current === undefined) vacantTags.push(tag);
    else if ("problem" in current) problems.push(current.problem);
    else tags.set(tag, current.digest);
  }
  return { tags, vacantTags };
}

/** Undefined where there is none. */
async function readCurrent(
  store: Store,
  link: Key,
): Promise<{ readonly digest: Digest } | { readonly problem: string } | undefined> {
  try {
    if ((await store.driver.stat(link)) === undefined) return undefined;
    const digest = await readLink(store, link);
    return digest === undefined ? { problem: `${link} is empty or malformed` } : { digest };
  } catch (error) {
    return { problem: `${link} cannot be read: ${error}` };
  }
}

/** Undefined where the bytes are missing or are not those of the digest: then nobody knows what they named. */
async function readNames(store: Store, digest: Digest): Promise<StoredNames | undefined> {
  // A bad sector hurts one repository, not the whole collection.
  const bytes = await store.driver.read(blobKey(digest), maxManifestBytes).catch(() => undefined);
  if (bytes === undefined || hashBytes(bytes, digestAlgorithm(digest)) !== digest) return undefined;
  return readStoredNames(bytes);
}

function describeUnreadable(prefix: Key, digest: Digest): string {
  return `the manifest ${digest} of ${prefix} is missing or damaged`;
}
