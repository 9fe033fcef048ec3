// Repositories: the catalog, and the removal of a repository with its last content.
import { createPacer } from "../lib/pacer.ts";
import { orElse } from "../lib/soon.ts";
import { errorCode } from "../lib/system-error.ts";
import type { Digest } from "../oci/digest.ts";
import { parseRepositoryName, type RepositoryName } from "../oci/name.ts";
import { parseTag } from "../oci/reference.ts";
import type { Key } from "../storage/ports.ts";
import { type CatalogPart, isCataloged, listCatalog } from "./catalog-entries.ts";
import {
  deletedLink,
  deletedPrefix,
  digestFromPath,
  isOwnDirectory,
  layersPrefix,
  manifestsPrefix,
  referrerLink,
  referrersPrefix,
  repositoriesPrefix,
  repositoryPrefix,
  reservedPrefix,
  revisionLink,
  revisionsPrefix,
  tagCurrentLink,
  tagsPrefix,
  uploadsPrefix,
  upstreamKey,
} from "./layout.ts";
import { listDigests } from "./links.ts";
import { listReferrerEntries } from "./referrer-index.ts";
import { passNoDirectory, sliceRepositories } from "./repository-walk.ts";
import type { Store } from "./store.ts";

/** A part of a listing. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Whether more come after the last one. */
  readonly hasMore: boolean;
  /** A sentence for the client about the answer, such as that it may be incomplete. */
  readonly warning?: string;
}

/** Which part of a listing is wanted: `limit` items after the one called `after`. */
export interface PageRequest {
  readonly limit: number;
  readonly after: string | undefined;
}

/** Which part of the catalog is wanted. */
export interface CatalogRequest extends PageRequest {
  /** Whether the caller may see the repository; if absent, all of them. A page is full whatever is left out. */
  readonly isVisible?: (name: RepositoryName) => boolean;
}

/**
 * The repositories that hold or held a manifest, in the order of distribution: component by component, so that "a/b"
 * comes before "a-b". Costs as much as the page and the siblings on the way to it.
 */
export async function listRepositories(
  store: Store,
  { limit, after, isVisible = () => true }: CatalogRequest,
): Promise<Page<RepositoryName>> {
  const items: RepositoryName[] = [];
  for await (const names of sliceCatalog(store, { below: [], after })) {
    for (const name of names) {
      if (!isVisible(name)) continue;
      if (items.length === limit) return { items, hasMore: true };
      items.push(name);
    }
  }
  return { items, hasMore: false };
}

/** The repositories of the catalog whose names begin with these whole components, after the given one. */
export async function* walkCatalog(store: Store, part: CatalogPart): AsyncGenerator<RepositoryName> {
  for await (const names of sliceCatalog(store, part)) yield* names;
}

/** The same names, several at once. */
async function* sliceCatalog(store: Store, { below, after }: CatalogPart): AsyncGenerator<readonly RepositoryName[]> {
  if (await isCataloged(store)) {
    for await (const name of listCatalog(store, { below, after })) yield [name];
    return;
  }
  const passed = after?.split("/") ?? [];
  // What comes after a name that lies elsewhere is all of it, or nothing.
  const isInside = passed.length > below.length && below.every((component, index) => passed[index] === component);
  if (!isInside && passed.length > 0 && !isBefore(passed, below)) return;
  yield* sliceRepositories(store, manifestsPrefix, { below, after: isInside ? passed.slice(below.length) : [] });
}

/** In the order of the catalog; a name comes before what is below it. */
function isBefore(name: readonly string[], other: readonly string[]): boolean {
  const different = name.findIndex((component, index) => component !== other[index]);
  if (different === -1) return true;
  const against = other[different];
  return against !== undefined && (name[different] ?? "") < against;
}

/** A place below the repositories where nobody can look. */
export interface Unlistable {
  readonly prefix: Key;
  readonly error: unknown;
  /** Whether it leads back to itself, so that nothing lies behind it that is not found elsewhere. */
  readonly isLoop: boolean;
}

/**
 * Every directory below the prefix that has something of a repository, whatever it is called: links, an upload, or only
 * what they left behind. `unlistable` is called for what cannot be read; the walk continues with the rest.
 */
export async function* walkPrefixes(
  store: Store,
  prefix: Key,
  unlistable: (place: Unlistable) => void,
): AsyncGenerator<Key> {
  const others: string[] = [];
  const names = await store.objects.list(prefix, { others: (name) => others.push(name) }).catch((error) => {
    unlistable({ prefix, error, isLoop: errorCode(error) === "ELOOP" });
    return [];
  });
  for (const name of others) {
    if (parseRepositoryName(name) === undefined) continue;
    const error = Object.assign(new Error("it is not a directory"), { code: "ENOTDIR" });
    unlistable({ prefix: `${prefix}/${name}`, error, isLoop: false });
  }
  if ([...names, ...others].some(isOwnDirectory)) yield prefix;
  for (const name of names) {
    if (!name.startsWith(reservedPrefix)) yield* walkPrefixes(store, `${prefix}/${name}`, unlistable);
  }
}

/** Every empty directory below the prefix: killed pushes and other registries leave them behind. */
export async function* walkEmptyPrefixes(store: Store, prefix: Key): AsyncGenerator<Key> {
  for (const name of await store.objects.list(prefix)) {
    if (name.startsWith(reservedPrefix)) continue;
    const below = `${prefix}/${name}`;
    const inside = await listWhatIsThere(store, below);
    if (inside === undefined) continue;
    const isLeaf = inside.length === 0;
    if (!isLeaf) yield* walkEmptyPrefixes(store, below);
    else if ((await store.directory.prefixTime(below)) !== undefined) yield below;
  }
}

/** What is in a directory; undefined for anything else, which a check reports and a walk skips. */
async function listWhatIsThere(store: Store, prefix: Key): Promise<readonly string[] | undefined> {
  return await orElse(() => store.objects.list(prefix), passNoDirectory);
}

/** Whether the repository holds or held a manifest. */
export async function isRepository(store: Store, name: RepositoryName): Promise<boolean> {
  return (await store.directory.prefixTime(manifestsPrefix(name))) !== undefined;
}

/** The manifests that the repository holds. */
export async function* listRevisions(store: Store, name: RepositoryName): AsyncGenerator<Digest> {
  for await (const digest of listRevisionNames(store, name)) {
    if ((await store.objects.stat(revisionLink(name, digest))) !== undefined) yield digest;
  }
}

/** The manifests that the repository holds or held: other registries leave the directory of a deleted one behind. */
export async function* listRevisionNames(store: Store, name: RepositoryName): AsyncGenerator<Digest> {
  yield* listDigests(store, revisionsPrefix(name));
}

/**
 * Removes a repository that has no revision and no tag, for a caller that takes something away from it. `_manifests` goes first
 * and `_layers` last: a repository with the first and without the second stops the Go registries' garbage collection. Where
 * others add meanwhile, nothing is done: what is left there is in nobody's way.
 */
export async function removeIfEmpty(store: Store, name: RepositoryName): Promise<void> {
  if (!store.changes.isExclusive) return;
  if ((await hasTag(store, name)) || (await hasRevision(store, name))) return;
  // Entries of manifests that another registry deleted, or that were deleted while damaged, refer to nothing.
  for await (const { subject, digest } of listReferrerEntries(store, name)) {
    await store.objects.delete(referrerLink(name, subject, digest), { isDurable: false });
  }
  const pace = createPacer();
  for await (const digest of listDigests(store, deletedPrefix(name))) {
    await pace();
    await store.objects.delete(deletedLink(name, digest), { isDurable: false });
  }
  const own = [manifestsPrefix, deletedPrefix, referrersPrefix, uploadsPrefix, layersPrefix];
  for (const prefix of own.map((prefixOf) => prefixOf(name))) {
    if ((await store.directory.prefixTime(prefix)) !== undefined && !(await store.directory.removeEmpty(prefix)))
      return;
  }
  if ((await store.objects.stat(upstreamKey(name))) !== undefined) await store.objects.delete(upstreamKey(name));
  await removeUpwards(store, repositoryPrefix(name));
}

/**
 * Removes an empty directory, and each parent that has nothing else; false if it is not empty. Needs no lock: nothing is
 * lost with it, and a writer whose directory is gone makes it again.
 */
export async function removeUpwards(store: Store, directory: Key): Promise<boolean> {
  let prefix = directory;
  while (prefix !== repositoriesPrefix && (await store.directory.removeEmpty(prefix, { isDeep: false }))) {
    prefix = prefix.slice(0, prefix.lastIndexOf("/"));
  }
  return prefix !== directory;
}

/** The directory alone is no tag: other registries and killed pushes leave it behind. */
async function hasTag(store: Store, name: RepositoryName): Promise<boolean> {
  for await (const text of await store.objects.names(tagsPrefix(name))) {
    const tag = parseTag(text);
    if (tag !== undefined && (await store.objects.stat(tagCurrentLink(name, tag))) !== undefined) return true;
  }
  return false;
}

async function hasRevision(store: Store, name: RepositoryName): Promise<boolean> {
  for (const algorithm of await store.objects.list(revisionsPrefix(name))) {
    for await (const hex of await store.objects.names(`${revisionsPrefix(name)}/${algorithm}`)) {
      const digest = digestFromPath(algorithm, hex);
      if (digest !== undefined && (await store.objects.stat(revisionLink(name, digest))) !== undefined) return true;
    }
  }
  return false;
}
