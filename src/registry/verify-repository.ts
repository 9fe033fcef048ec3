// One repository, checked: links, manifests, what they name, referrers, tags and upload sessions.
import { type Descriptor, isStoredElsewhere } from "../oci/descriptor.ts";
import { type Digest, digestAlgorithm } from "../oci/digest.ts";
import { hashBytes } from "../oci/hash.ts";
import { isStoredManifest, type Manifest, maxManifestBytes, parseManifest } from "../oci/manifest.ts";
import type { Key } from "../storage/driver.ts";
import { blobKey, layerLink, linkPrefixes, revisionLink } from "./layout.ts";
import { isChildRequired, type ManifestRules } from "./manifest-rules.ts";
import {
  type FollowedLink,
  find,
  findMissingBytes,
  findUnlinked,
  followLinks,
  type RepositoryCheck,
} from "./verify-links.ts";
import { checkReferrers } from "./verify-referrers.ts";
import { checkTags } from "./verify-tags.ts";

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
  /** Sizes of blobs; undefined where the bytes are missing. */
  readonly layers: ReadonlyMap<Digest, number | undefined>;
  readonly revisions: Map<Digest, number | undefined>;
  readonly sizes: SizeSuspicion[];
  /** The blobs that manifests name. */
  readonly named: Set<Digest>;
  readonly subjects: Map<Digest, Digest>;
  /** Manifests that cannot be read. */
  readonly unknown: Set<Digest>;
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
  const revisions = new Map<Digest, number | undefined>();
  for await (const link of followLinks(check, places.revisions)) {
    revisions.set(link.digest, link.bytes?.sizeBytes);
    linked.push(link.digest);
    if (link.bytes === undefined) await findMissingBytes(check, link, true);
  }
  const contents: Contents = {
    layers,
    revisions,
    sizes: [],
    named: new Set(),
    subjects: new Map(),
    unknown: new Set(),
  };
  for (const digest of revisions.keys()) {
    await check.pace?.();
    await checkManifest(check, digest, { contents, rules: options.rules });
  }
  // What a manifest names that cannot be read, nobody can tell.
  const { unknown, named } = contents;
  for (const link of empty) await findMissingBytes(check, link, unknown.size > 0 || named.has(link.digest));
  await checkReferrers(check, contents);
  await checkTags(check, places.tags, revisions);
  await checkUploads(check, places.uploads, options.uploadAgeMs);
  return { linked, manifests: revisions.size, sizes: contents.sizes };
}

async function checkManifest(
  check: RepositoryCheck,
  digest: Digest,
  { contents, rules }: { readonly contents: Contents; readonly rules: ManifestRules },
): Promise<void> {
  const manifest = await readManifestOf(check, digest);
  if (manifest === undefined) return void contents.unknown.add(digest);
  for (const { digest: named } of manifest.blobs) contents.named.add(named);
  for (const blob of manifest.blobs.filter((descriptor) => !isStoredElsewhere(descriptor))) {
    await checkPart(check, digest, {
      part: blob,
      held: contents.layers,
      sizes: contents.sizes,
      link: layerLink(check.name, blob.digest),
      role: "blob of the manifest",
    });
  }
  for (const child of manifest.children.filter((descriptor) => isChildRequired(descriptor, rules))) {
    await checkPart(check, digest, {
      part: child,
      held: contents.revisions,
      sizes: contents.sizes,
      link: revisionLink(check.name, child.digest),
      role: "child of the index",
    });
  }
  if (manifest.subject !== undefined) contents.subjects.set(digest, manifest.subject.digest);
}

/**
 * Undefined for bytes that are damaged or unreadable, which is told where all blobs are read, for what only another
 * registry accepts, and for what is no manifest at all.
 */
async function readManifestOf(check: RepositoryCheck, digest: Digest): Promise<Manifest | undefined> {
  const bytes = await check.store.driver.read(blobKey(digest), maxManifestBytes).catch(() => undefined);
  if (bytes === undefined || hashBytes(bytes, digestAlgorithm(digest)) !== digest) return undefined;
  const parsed = parseManifest(bytes, undefined);
  if (!("problem" in parsed)) return parsed.manifest;
  if (!isStoredManifest(bytes)) {
    find(check, { severity: "untidy", subject: digest, problem: "its bytes are no manifest; delete it" });
  }
  return undefined;
}

/** Something that a manifest names: it is linked here, and as large as the manifest says. */
async function checkPart(
  check: RepositoryCheck,
  manifest: Digest,
  {
    part,
    held,
    sizes,
    link,
    role,
  }: {
    readonly part: Descriptor;
    /** What the repository links of that kind, with its size. */
    readonly held: ReadonlyMap<Digest, number | undefined>;
    readonly sizes: SizeSuspicion[];
    readonly link: Key;
    readonly role: string;
  },
): Promise<void> {
  const { digest, sizeBytes: expectedBytes } = part;
  if (!held.has(digest)) {
    if (check.isCached) return;
    const because = revisionLink(check.name, manifest);
    return findUnlinked(check, { digest, link, problem: `a ${role} ${manifest}`, because });
  }
  const actualBytes = held.get(digest);
  if (actualBytes === undefined || actualBytes === expectedBytes) return;
  sizes.push({ digest, manifest, expectedBytes, actualBytes });
}

async function checkUploads(check: RepositoryCheck, prefix: Key, ageMs: number): Promise<void> {
  const { driver, now } = check.store;
  for (const id of await driver.list(prefix)) {
    // As a purge judges it.
    const stat = await driver.stat(`${prefix}/${id}/data`);
    const changedMs = stat === undefined ? await driver.prefixTime(`${prefix}/${id}`) : stat.changedMs;
    if (changedMs === undefined || now() - changedMs <= ageMs) continue;
    find(check, { severity: "untidy", subject: id, problem: "an abandoned upload; `registry gc` takes it away" });
  }
}
