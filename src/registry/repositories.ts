// Repositories: the catalog, and the going of a repository with its last content.

import type { Digest } from "../oci/digest.ts";
import { parseRepositoryName, type RepositoryName } from "../oci/name.ts";
import { parseTag } from "../oci/reference.ts";
import type { Key } from "../storage/driver.ts";
import {
  digestFromPath,
  layersDirectory,
  layersPrefix,
  manifestsDirectory,
  manifestsPrefix,
  referrerLink,
  referrersPrefix,
  repositoriesPrefix,
  repositoryPrefix,
  reservedPrefix,
  revisionLink,
  revisionsPrefix,
  subjectPrefix,
  tagCurrentLink,
  tagsPrefix,
  uploadsPrefix,
  upstreamKey,
} from "./layout.ts";
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

/**
 * The repositories that hold or held a manifest, in the order of distribution: component by component, so that "a/b"
 * comes before "a-b". Costs as much as the page and the siblings on the way to it.
 */
export async function listRepositories(store: Store, { limit, after }: PageRequest): Promise<Page<RepositoryName>> {
  const items: RepositoryName[] = [];
  for await (const name of walkRepositories(store, manifestsPrefix, after)) {
    if (items.length === limit) return { items, hasMore: true };
    items.push(name);
  }
  return { items, hasMore: false };
}

/** All repositories that have the given prefix of their own, after the given one, in the order of the catalog. */
export async function* walkRepositories(
  store: Store,
  prefixOf: (name: RepositoryName) => Key,
  after?: string,
): AsyncGenerator<RepositoryName> {
  yield* walkBelow({ store, prefixOf }, [], after === undefined ? [] : after.split("/"));
}

/** Every directory below the prefix that has links, whatever it is called. */
export async function* walkLinkPrefixes(store: Store, prefix: Key): AsyncGenerator<Key> {
  const names = await store.driver.list(prefix);
  if (names.includes(layersDirectory) || names.includes(manifestsDirectory)) yield prefix;
  for (const name of names) {
    if (!name.startsWith(reservedPrefix)) yield* walkLinkPrefixes(store, `${prefix}/${name}`);
  }
}

interface Walk {
  readonly store: Store;
  readonly prefixOf: (name: RepositoryName) => Key;
}

async function* walkBelow(
  walk: Walk,
  path: readonly string[],
  after: readonly string[],
): AsyncGenerator<RepositoryName> {
  const { driver } = walk.store;
  const [afterFirst, ...afterRest] = after;
  for (const component of await driver.list([repositoriesPrefix, ...path].join("/"))) {
    if (component.startsWith(reservedPrefix) || (afterFirst !== undefined && component < afterFirst)) continue;
    const here = [...path, component];
    const name = parseRepositoryName(here.join("/"));
    if (name === undefined) continue;
    // On the way to `after` the repository itself was listed already, what is below it perhaps not.
    const isPassed = component === afterFirst;
    if (!isPassed && (await driver.exists(walk.prefixOf(name)))) yield name;
    yield* walkBelow(walk, here, isPassed ? afterRest : []);
  }
}

/** Whether the repository holds or held a manifest. */
export async function isRepository(store: Store, name: RepositoryName): Promise<boolean> {
  return store.driver.exists(manifestsPrefix(name));
}

/** The manifests that the repository holds. */
export async function* listRevisions(store: Store, name: RepositoryName): AsyncGenerator<Digest> {
  for await (const digest of listRevisionNames(store, name)) {
    if ((await store.driver.stat(revisionLink(name, digest))) !== undefined) yield digest;
  }
}

/** The manifests that the repository holds or held: other registries leave the directory of a deleted one behind. */
export async function* listRevisionNames(store: Store, name: RepositoryName): AsyncGenerator<Digest> {
  yield* listDigests(store, revisionsPrefix(name));
}

/** The digests that the directories right below a prefix spell. */
async function* listDigests({ driver }: Store, prefix: Key): AsyncGenerator<Digest> {
  for (const algorithm of await driver.list(prefix)) {
    for (const hex of await driver.list(`${prefix}/${algorithm}`)) {
      const digest = digestFromPath(algorithm, hex);
      if (digest !== undefined) yield digest;
    }
  }
}

/**
 * Removes a repository without revision and tag, for who holds its lock alone. Of the directories `_manifests` goes
 * first and `_layers` last: one with the first and without the second stops the Go registries' garbage collection.
 */
export async function removeIfEmpty(store: Store, name: RepositoryName): Promise<void> {
  if (await hasTag(store, name)) return;
  for await (const _revision of listRevisions(store, name)) return;
  // Entries of manifests that another registry deleted, or that were damaged when they were, refer to nothing.
  for await (const link of listReferrerLinks(store, name)) await store.driver.forget(link);
  for (const prefix of [manifestsPrefix(name), referrersPrefix(name), uploadsPrefix(name), layersPrefix(name)]) {
    if ((await store.driver.exists(prefix)) && !(await store.driver.removeEmpty(prefix))) return;
  }
  if ((await store.driver.stat(upstreamKey(name))) !== undefined) await store.driver.delete(upstreamKey(name));
  for (
    let prefix = repositoryPrefix(name);
    prefix !== repositoriesPrefix;
    prefix = prefix.slice(0, prefix.lastIndexOf("/"))
  ) {
    // Not what lies below it: a parent is a repository too, whose lock is not held here.
    if (!(await store.driver.removePrefix(prefix))) return;
  }
}

/** The links of the whole index of referrers. */
async function* listReferrerLinks(store: Store, name: RepositoryName): AsyncGenerator<Key> {
  for await (const subject of listDigests(store, referrersPrefix(name))) {
    for await (const digest of listDigests(store, subjectPrefix(name, subject))) {
      yield referrerLink(name, subject, digest);
    }
  }
}

/** The directory of a tag alone is none: other registries, and a push that was killed, leave such behind. */
async function hasTag(store: Store, name: RepositoryName): Promise<boolean> {
  for (const text of await store.driver.list(tagsPrefix(name))) {
    const tag = parseTag(text);
    if (tag !== undefined && (await store.driver.stat(tagCurrentLink(name, tag))) !== undefined) return true;
  }
  return false;
}
