// The manifests of a repository: what each names is linked there, is there, and has the size that the manifest says.
import { type Descriptor, isStoredElsewhere } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { isStoredManifestInTurns } from "../../oci/huge-manifest.ts";
import { type Manifest, parseManifestInTurns } from "../../oci/manifest.ts";
import { isManifestType } from "../../oci/media-type.ts";
import { layerLink, revisionLink } from "../layout.ts";
import { isChildRequired, type ManifestRules } from "../manifest-rules.ts";
import { readWhole } from "../whole-bytes.ts";
import { addFinding, findUnlinked, type RepositoryCheck } from "./links.ts";

/** A blob whose size is not the one that a manifest says; whether the bytes or the manifest are wrong, the hash tells. */
export interface SizeSuspicion {
  readonly digest: Digest;
  readonly manifest: Digest;
  readonly expectedBytes: number;
  readonly actualBytes: number;
}

/** What is known of a repository while its manifests are read. */
export interface Contents {
  /** Sizes of linked blobs; undefined if the bytes are missing. */
  readonly layers: ReadonlyMap<Digest, number | undefined>;
  readonly revisions: ReadonlyMap<Digest, number | undefined>;
  /** Manifests still to be read: those that are linked, and those that a repair would link. */
  readonly open: Digest[];
  readonly sizes: SizeSuspicion[];
  /** What manifests name. */
  readonly named: Set<Digest>;
  readonly subjects: Map<Digest, Digest>;
  /** Manifests that cannot be read. */
  readonly unknown: Set<Digest>;
}

/** Reads one manifest, and looks for what it names; missing manifests that could be linked are added to those to be read. */
export async function checkManifest(
  check: RepositoryCheck,
  digest: Digest,
  { contents, rules }: { readonly contents: Contents; readonly rules: ManifestRules },
): Promise<void> {
  const manifest = await readManifestOf(check, digest);
  if (manifest === undefined) return void contents.unknown.add(digest);
  for (const { digest: named } of [...manifest.blobs, ...manifest.children]) contents.named.add(named);
  for (const blob of manifest.blobs.filter((descriptor) => !isStoredElsewhere(descriptor))) {
    if (isHeld(contents, { manifest: digest, part: blob }, [contents.layers]) || check.isCached) continue;
    await findUnlinked(check, {
      digest: blob.digest,
      link: layerLink(check.name, blob.digest),
      role: `a blob of the manifest ${digest}`,
      because: revisionLink(check.name, digest),
    });
  }
  for (const child of manifest.children.filter((descriptor) => isChildRequired(descriptor, rules))) {
    const places = [contents.revisions, contents.layers];
    if (isHeld(contents, { manifest: digest, part: child }, places) || check.isCached) continue;
    await findUnlinkedChild(check, { index: digest, child, contents });
  }
  if (manifest.subject !== undefined) contents.subjects.set(digest, manifest.subject.digest);
}

/** A child may be a blob too, such as a layer of a build cache: only what is a manifest is ever linked as one. */
async function findUnlinkedChild(
  check: RepositoryCheck,
  { index, child, contents }: { readonly index: Digest; readonly child: Descriptor; readonly contents: Contents },
): Promise<void> {
  const { digest, mediaType } = child;
  const bytes = await readWhole(check.store, digest);
  const isManifest = bytes === undefined ? isManifestType(mediaType) : await isStoredManifestInTurns(bytes);
  const link = isManifest ? revisionLink(check.name, digest) : layerLink(check.name, digest);
  const role = `a child of the index ${index}`;
  const because = revisionLink(check.name, index);
  const location = await findUnlinked(check, { digest, link, role, because });
  if (location !== undefined && isManifest) contents.open.push(digest);
}

/** Whether the repository links it in one of these ways; its size is noted if it is not the one in the manifest. */
function isHeld(
  { sizes }: Contents,
  { manifest, part }: { readonly manifest: Digest; readonly part: Descriptor },
  places: readonly ReadonlyMap<Digest, number | undefined>[],
): boolean {
  const { digest, sizeBytes: expectedBytes } = part;
  const place = places.find((links) => links.has(digest));
  const actualBytes = place?.get(digest);
  if (actualBytes !== undefined && actualBytes !== expectedBytes)
    sizes.push({ digest, manifest, expectedBytes, actualBytes });
  return place !== undefined;
}

/**
 * Undefined for bytes that are damaged or unreadable (reported where all blobs are read), for what only another registry
 * accepts, and for what is not a manifest at all.
 */
async function readManifestOf(check: RepositoryCheck, digest: Digest): Promise<Manifest | undefined> {
  const bytes = await readWhole(check.store, digest);
  if (bytes === undefined) return undefined;
  const parsed = await parseManifestInTurns(bytes, undefined);
  if (!("problem" in parsed)) return parsed.manifest;
  if (!(await isStoredManifestInTurns(bytes))) {
    addFinding(check, { severity: "untidy", subject: digest, problem: "its bytes are not a manifest; delete it" });
  }
  return undefined;
}
