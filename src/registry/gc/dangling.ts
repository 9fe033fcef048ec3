// What is dangling: a tag whose manifest the repository does not link, and a blob or child that a manifest names and the
// repository does not link. Something was lost that `registry verify --repair` may still restore, so nothing of the
// repository may be removed meanwhile. What a client deleted is missing on purpose.
import type { Pace } from "../../lib/pacer.ts";
import { isStoredElsewhere } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { type Manifest, parseManifestInTurns } from "../../oci/manifest.ts";
import type { RepositoryName } from "../../oci/name.ts";
import { isDeleted } from "../deletions.ts";
import { layerLink, revisionLink } from "../layout.ts";
import { isChildRequired, type ManifestRules } from "../manifest-rules.ts";
import type { TagPointer } from "../move-log.ts";
import type { Store } from "../store.ts";
import { readTag } from "../tags.ts";
import { readWhole } from "../whole-bytes.ts";
import { type RepositoryScan, type Revision, readNames } from "./scan.ts";

/** What is dangling, and what a repair would need. */
export interface Dangling {
  readonly problems: readonly string[];
  /** What has to be linked again, and everything that it names. */
  readonly needed: readonly Digest[];
}

/** Where to look. */
export interface DanglingOptions {
  /** Manifests that stay. What the others name need not be there. */
  readonly kept: ReadonlySet<Digest>;
  /** Which children of an index have to be there; undefined if nothing that a manifest names has to, as in a cache. */
  readonly rules: ManifestRules | undefined;
  readonly pace?: Pace | undefined;
}

/**
 * Finds what is dangling, with or without the lock: each suspicion is checked again in an order in which a push or a
 * deletion since the scan would show.
 */
export async function findDangling(
  store: Store,
  scan: RepositoryScan,
  { kept, rules, pace }: DanglingOptions,
): Promise<Dangling> {
  const problems: string[] = [];
  const missing = new Set<Digest>();
  for (const [tag, digest] of scan.tags) {
    if (scan.revisions.has(digest)) continue;
    missing.add(digest);
    if (scan.name === undefined || !(await isTagDangling(store, scan.name, { tag, digest }))) continue;
    problems.push(`the tag ${tag} of ${scan.name} leads to ${digest}, which is not linked there`);
  }
  for (const digest of kept) {
    await pace?.();
    const revision = scan.revisions.get(digest);
    if (revision === undefined || rules === undefined || scan.name === undefined || !mayDangle(scan, revision))
      continue;
    for (const part of await findUnlinkedParts(store, scan.name, { revision, rules })) {
      missing.add(part);
      problems.push(`${digest} of ${scan.name} names ${part}, which is not linked there`);
    }
  }
  return { problems, needed: await reach(store, missing) };
}

/** A push links before it tags, and a deletion removes the tag before or after: one of these checks shows either. */
async function isTagDangling(store: Store, name: RepositoryName, { tag, digest }: TagPointer): Promise<boolean> {
  const isLinked = async () => (await store.objects.stat(revisionLink(name, digest))) !== undefined;
  if ((await isLinked()) || (await isDeleted(store, name, digest))) return false;
  return (await readTag(store, name, tag)) === digest && !(await isLinked());
}

/** Whether anything that it names is missing from the scan; then its bytes are read again, and parsed strictly. */
function mayDangle({ layers, revisions }: RepositoryScan, { named }: Revision): boolean {
  return ![...named].every((digest) => layers.has(digest) || revisions.has(digest));
}

/**
 * What a manifest needs and the repository does not link. The manifest's own time is checked last: while it is unchanged
 * since the scan, the manifest was there all the time, and only a client may have removed what it names.
 */
async function findUnlinkedParts(
  store: Store,
  name: RepositoryName,
  { revision, rules }: { readonly revision: Revision; readonly rules: ManifestRules },
): Promise<readonly Digest[]> {
  const manifest = await readWholeManifest(store, revision.digest);
  if (manifest === undefined) return [];
  const blobs = manifest.blobs.filter((blob) => !isStoredElsewhere(blob));
  const children = manifest.children.filter((child) => isChildRequired(child, rules));
  const wanted = [
    ...blobs.map(({ digest }) => ({ digest, links: [layerLink(name, digest)] })),
    ...children.map(({ digest }) => ({ digest, links: [revisionLink(name, digest), layerLink(name, digest)] })),
  ];
  const unlinked: Digest[] = [];
  for (const { digest, links } of wanted) {
    if ((await isUnlinked(store, links)) && !(await isDeleted(store, name, digest))) unlinked.push(digest);
  }
  if (unlinked.length === 0) return [];
  const stat = await store.objects.stat(revisionLink(name, revision.digest));
  return stat?.changedMs === revision.changedMs ? unlinked : [];
}

async function isUnlinked(store: Store, links: readonly string[]): Promise<boolean> {
  for (const link of links) {
    if ((await store.objects.stat(link)) !== undefined) return false;
  }
  return true;
}

/** Undefined for what is missing or damaged, or what only another registry understands. */
async function readWholeManifest(store: Store, digest: Digest): Promise<Manifest | undefined> {
  const bytes = await readWhole(store, digest);
  const parsed = bytes === undefined ? undefined : await parseManifestInTurns(bytes, undefined);
  return parsed === undefined || "problem" in parsed ? undefined : parsed.manifest;
}

/** These, what they name, and what their children name. */
async function reach(store: Store, digests: Iterable<Digest>): Promise<readonly Digest[]> {
  const needed = new Set<Digest>();
  const open = [...digests];
  const seen = new Set(open);
  for (let digest = open.pop(); digest !== undefined; digest = open.pop()) {
    needed.add(digest);
    for (const named of (await readNames(store, digest))?.named ?? []) needed.add(named);
    for (const { digest: child } of (await readWholeManifest(store, digest))?.children ?? []) {
      if (!seen.has(child)) open.push(child);
      seen.add(child);
    }
  }
  return [...needed];
}
