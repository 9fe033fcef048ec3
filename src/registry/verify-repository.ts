// One repository, checked: links, manifests, what they name, referrers, tags and upload sessions.
import { type Descriptor, isStoredElsewhere } from "../oci/descriptor.ts";
import { type Digest, digestAlgorithm } from "../oci/digest.ts";
import { hashBytes } from "../oci/hash.ts";
import { type Manifest, maxManifestBytes, parseManifest } from "../oci/manifest.ts";
import { parseTag, type Tag } from "../oci/reference.ts";
import type { Key } from "../storage/driver.ts";
import {
  blobKey,
  blobTrashName,
  layerLink,
  linkPrefixes,
  referrerLink,
  revisionLink,
  tagCurrentLink,
  tagIndexLink,
} from "./layout.ts";
import { readLink } from "./links.ts";
import { isChildRequired, type ManifestRules } from "./manifest-rules.ts";
import { listTagIndex } from "./tags.ts";
import {
  type FollowedLink,
  find,
  findMissingBytes,
  followLinks,
  lookFor,
  type RepositoryCheck,
} from "./verify-links.ts";

/** A blob whose size is not the one that a manifest says; whether the bytes or the manifest are wrong, the hash tells. */
export interface SizeSuspicion {
  readonly digest: Digest;
  readonly manifest: Digest;
  readonly expectedBytes: number;
  readonly actualBytes: number;
}

/** What a repository holds. */
export interface CheckedRepository {
  /** Everything that it links. */
  readonly linked: readonly Digest[];
  readonly manifests: number;
  readonly sizes: readonly SizeSuspicion[];
}

interface Contents {
  readonly layers: ReadonlyMap<Digest, number | undefined>;
  readonly revisions: ReadonlySet<Digest>;
  readonly sizes: SizeSuspicion[];
  /** The blobs that manifests name. */
  readonly named: Set<Digest>;
}

/** Checks a repository; what is wrong goes to `check.findings`. */
export async function checkRepository(
  check: RepositoryCheck,
  options: { readonly rules: ManifestRules; readonly uploadAgeMs: number },
): Promise<CheckedRepository> {
  const places = linkPrefixes(check.prefix);
  const linked: Digest[] = [];
  const layers = new Map<Digest, number | undefined>();
  const empty: FollowedLink[] = [];
  for await (const link of followLinks(check, places.layers)) {
    layers.set(link.digest, link.bytes?.sizeBytes);
    linked.push(link.digest, link.target);
    if (link.bytes === undefined) empty.push(link);
  }
  const revisions = new Set<Digest>();
  let hasUnreadable = false;
  for await (const link of followLinks(check, places.revisions)) {
    linked.push(link.digest);
    if (link.bytes !== undefined) revisions.add(link.digest);
    else await findMissingBytes(check, link, true);
    hasUnreadable ||= link.bytes === undefined;
  }
  const contents: Contents = { layers, revisions, sizes: [], named: new Set() };
  for (const digest of revisions) {
    await check.pace?.();
    const isRead = await checkManifest(check, digest, { contents, rules: options.rules });
    hasUnreadable ||= !isRead;
  }
  // What a manifest names that cannot be read, nobody can tell.
  for (const link of empty) await findMissingBytes(check, link, hasUnreadable || contents.named.has(link.digest));
  await checkTags(check, places.tags, revisions);
  await checkUploads(check, places.uploads, options.uploadAgeMs);
  return { linked, manifests: revisions.size, sizes: contents.sizes };
}

/** False for a manifest that cannot be read. */
async function checkManifest(
  check: RepositoryCheck,
  digest: Digest,
  { contents, rules }: { readonly contents: Contents; readonly rules: ManifestRules },
): Promise<boolean> {
  const manifest = await readManifestOf(check, digest);
  if (manifest === undefined) return false;
  for (const { digest: named } of manifest.blobs) contents.named.add(named);
  for (const blob of manifest.blobs.filter((descriptor) => !isStoredElsewhere(descriptor))) {
    await checkBlobOf(check, digest, { blob, contents });
  }
  for (const child of manifest.children.filter((descriptor) => isChildRequired(descriptor, rules))) {
    if (contents.revisions.has(child.digest) || check.isCached) continue;
    const link = revisionLink(check.name, child.digest);
    await findUnlinked(check, { digest: child.digest, link, problem: `a child of the index ${digest}` });
  }
  if (manifest.subject !== undefined) await checkReferrerEntry(check, digest, manifest.subject.digest);
  return true;
}

async function checkReferrerEntry(check: RepositoryCheck, digest: Digest, subject: Digest): Promise<void> {
  const link = referrerLink(check.name, subject, digest);
  if ((await check.store.driver.stat(link)) !== undefined) return;
  find(check, {
    severity: "repairable",
    subject: digest,
    problem: `it is not among the referrers of ${subject}`,
    repair: { kind: "link", name: check.name, key: link, digest },
  });
}

/** Undefined for bytes that are damaged or unreadable, which is told where all blobs are read, and for what only another registry accepts. */
async function readManifestOf(check: RepositoryCheck, digest: Digest): Promise<Manifest | undefined> {
  const bytes = await check.store.driver.read(blobKey(digest), maxManifestBytes).catch(() => undefined);
  if (bytes === undefined || hashBytes(bytes, digestAlgorithm(digest)) !== digest) return undefined;
  const parsed = parseManifest(bytes, undefined);
  return "problem" in parsed ? undefined : parsed.manifest;
}

async function checkBlobOf(
  check: RepositoryCheck,
  manifest: Digest,
  { blob, contents }: { readonly blob: Descriptor; readonly contents: Contents },
): Promise<void> {
  const { digest, sizeBytes: expectedBytes } = blob;
  if (!contents.layers.has(digest)) {
    if (check.isCached) return;
    return findUnlinked(check, {
      digest,
      link: layerLink(check.name, digest),
      problem: `a blob of the manifest ${manifest}`,
    });
  }
  const actualBytes = contents.layers.get(digest);
  if (actualBytes === undefined || actualBytes === expectedBytes) return;
  contents.sizes.push({ digest, manifest, expectedBytes, actualBytes });
}

/** What is needed and not linked: where the bytes are there, a link is all that is missing. */
async function findUnlinked(
  check: RepositoryCheck,
  { digest, link, problem }: { readonly digest: Digest; readonly link: Key; readonly problem: string },
): Promise<void> {
  const repair = { kind: "link", name: check.name, key: link, digest } as const;
  const isThere = (await lookFor(check, digest)) !== undefined;
  // What writes the link looks for the bytes, and brings them back.
  const isFindable = isThere || (await check.store.driver.isInTrash(blobTrashName(digest)));
  if (!isFindable) find(check, { severity: "lost", subject: digest, problem: `${problem}, is missing` });
  else find(check, { severity: "repairable", subject: digest, problem: `${problem}, is not linked here`, repair });
}

async function checkTags(check: RepositoryCheck, prefix: Key, revisions: ReadonlySet<Digest>): Promise<void> {
  for (const text of await check.store.driver.list(prefix)) {
    const tag = parseTag(text);
    if (tag === undefined) find(check, { severity: "untidy", subject: text, problem: "no tag can be called so" });
    else await checkTag(check, tag, revisions);
  }
}

async function checkTag(check: RepositoryCheck, tag: Tag, revisions: ReadonlySet<Digest>): Promise<void> {
  const { store, name } = check;
  const current = tagCurrentLink(name, tag);
  if ((await store.driver.stat(current)) === undefined) {
    const problem = "the tag points to nothing; `registry gc` takes it away";
    return find(check, { severity: "untidy", subject: tag, problem });
  }
  const digest = await readLink(store, current);
  if (digest === undefined) return findUnreadableTag(check, tag, revisions);
  if (!revisions.has(digest)) {
    const problem = `the manifest of the tag ${tag}`;
    await findUnlinked(check, { digest, link: revisionLink(name, digest), problem });
  }
  const key = tagIndexLink(name, tag, digest);
  if ((await store.driver.stat(key)) !== undefined) return;
  const repair = { kind: "link", name, key, digest } as const;
  find(check, { severity: "repairable", subject: tag, problem: "its index lacks what it points to", repair });
}

/** The index has everything that the tag ever pointed to; where that is one manifest, the tag pointed to it. */
async function findUnreadableTag(check: RepositoryCheck, tag: Tag, revisions: ReadonlySet<Digest>): Promise<void> {
  const { store, name } = check;
  const candidates: Digest[] = [];
  for await (const candidate of listTagIndex(store, name, tag)) candidates.push(candidate);
  const [digest, ...others] = candidates;
  const isCertain = digest !== undefined && others.length === 0 && revisions.has(digest);
  find(check, {
    severity: isCertain ? "repairable" : "lost",
    subject: tag,
    problem: "what the tag points to cannot be read",
    ...(isCertain ? { repair: { kind: "tag", name, tag, digest } } : {}),
  });
}

async function checkUploads(check: RepositoryCheck, prefix: Key, ageMs: number): Promise<void> {
  const { driver, now } = check.store;
  for (const id of await driver.list(prefix)) {
    const stat = (await driver.stat(`${prefix}/${id}/data`)) ?? (await driver.stat(`${prefix}/${id}/startedat`));
    if (stat === undefined || now() - stat.changedMs <= ageMs) continue;
    find(check, { severity: "untidy", subject: id, problem: "an abandoned upload; `registry gc` takes it away" });
  }
}
