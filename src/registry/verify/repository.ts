// One repository, checked: links, manifests, what they name, referrers, tags and upload sessions.
import type { Digest } from "../../oci/digest.ts";
import type { Key } from "../../storage/ports.ts";
import { linkPrefixes } from "../layout.ts";
import type { ManifestRules } from "../manifest-rules.ts";
import { addFinding, type FollowedLink, findMissingBytes, followLinks, type RepositoryCheck } from "./links.ts";
import { type Contents, checkManifest, type SizeSuspicion } from "./manifests.ts";
import { checkReferrers } from "./referrers.ts";
import { findRefused } from "./refused.ts";
import { checkTags, type TagTargets } from "./tags.ts";

/** What a repository holds. */
export interface CheckedRepository {
  /** Everything that it links. */
  readonly linked: readonly Digest[];
  readonly manifests: number;
  readonly sizes: readonly SizeSuspicion[];
}

/** Checks a repository; what is wrong goes to `check.findings`. */
export async function checkRepository(
  check: RepositoryCheck,
  options: { readonly rules: ManifestRules; readonly uploadAgeMs: number },
): Promise<CheckedRepository> {
  const places = linkPrefixes(check.prefix);
  const layers = await gatherLinks(check, places.layers);
  const revisions = await gatherLinks(check, places.revisions);
  const contents: Contents = {
    layers: layers.held,
    revisions: revisions.held,
    open: [...revisions.held.keys()],
    sizes: [],
    named: new Set(),
    subjects: new Map(),
    unknown: new Set(),
  };
  const targets = await checkTags(check, places.tags, revisions.held);
  contents.open.push(...targets.unlinked);
  const seen = new Set<Digest>();
  // Some are added during the loop.
  for (const digest of contents.open) {
    await check.pace?.();
    if (!seen.has(digest)) await checkManifest(check, digest, { contents, rules: options.rules });
    seen.add(digest);
  }
  await findEmpty(check, contents, { layers: layers.empty, revisions: revisions.empty, targets });
  await checkReferrers(check, contents);
  await checkUploads(check, places.uploads, options.uploadAgeMs);
  const linked = [...layers.linked, ...revisions.linked, ...seen];
  return { linked, manifests: revisions.held.size, sizes: contents.sizes };
}

interface GatheredLinks {
  /** Sizes by digest; undefined if the bytes are not in their place. */
  readonly held: Map<Digest, number | undefined>;
  readonly linked: Digest[];
  readonly empty: FollowedLink[];
}

async function gatherLinks(check: RepositoryCheck, prefix: Key): Promise<GatheredLinks> {
  const links: GatheredLinks = { held: new Map(), linked: [], empty: [] };
  for await (const link of followLinks(check, prefix)) {
    const bytes = typeof link.bytes === "object" ? link.bytes : undefined;
    links.held.set(link.digest, bytes?.sizeBytes);
    links.linked.push(link.digest, link.target);
    if (bytes === undefined) links.empty.push(link);
  }
  return links;
}

/** What an unreadable manifest names is unknown. */
async function findEmpty(
  check: RepositoryCheck,
  { named, unknown }: Contents,
  empty: {
    readonly layers: readonly FollowedLink[];
    readonly revisions: readonly FollowedLink[];
    readonly targets: TagTargets;
  },
): Promise<void> {
  for (const link of empty.layers) await findMissingBytes(check, link, unknown.size > 0 || named.has(link.digest));
  const withoutBytes = new Set(empty.revisions.map(({ digest }) => digest));
  const isAnyUnknown = [...unknown].some((digest) => !withoutBytes.has(digest));
  for (const link of empty.revisions) {
    const isLedTo = empty.targets.tagged.has(link.digest) || named.has(link.digest) || isAnyUnknown;
    if (isLedTo || !(await findRefused(check, link))) await findMissingBytes(check, link, true);
  }
}

async function checkUploads(check: RepositoryCheck, prefix: Key, ageMs: number): Promise<void> {
  const { store } = check;
  for (const id of await store.objects.list(prefix)) {
    // As a purge judges it.
    const stat = await store.objects.stat(`${prefix}/${id}/data`, { isLinkFollowed: false });
    const changedMs = stat === undefined ? await store.directory.prefixTime(`${prefix}/${id}`) : stat.changedMs;
    if (changedMs === undefined || store.now() - changedMs <= ageMs) continue;
    addFinding(check, { severity: "untidy", subject: id, problem: "an abandoned upload; `registry gc` takes it away" });
  }
}
