// What references name in a repository of a registry: tags with their digests, and images.
import type { RegistryApi } from "../../client/registry-api.ts";
import { mapAhead } from "../../lib/ahead.ts";
import { compileNameGlob } from "../../lib/name-glob.ts";
import type { Digest } from "../../oci/digest.ts";
import { RegistryError } from "../../oci/errors.ts";
import { parseManifestInTurns } from "../../oci/manifest.ts";
import type { RepositoryName } from "../../oci/name.ts";
import { parseTag, type Tag } from "../../oci/reference.ts";
import { readReferrer } from "./registry-source.ts";
import type { RemovalTarget } from "./removal-target.ts";

/** What is to go from one repository. */
export interface RemoteRemoval {
  readonly name: RepositoryName;
  /** Tags to be deleted alone, if the registry can do that. */
  readonly tags: ReadonlyMap<Tag, Digest>;
  /** Images to be deleted with all their tags; what names others comes first. */
  readonly digests: ReadonlySet<Digest>;
  /** Tags that lead to those images. */
  readonly taken: ReadonlyMap<Tag, Digest>;
  /** The references for which something is there. */
  readonly found: ReadonlySet<RemovalTarget>;
}

/** So many tags are asked for their digests at once. */
const tagsAtOnce = 8;

/** A tag and what it leads to. */
export interface TagDigest {
  readonly tag: Tag;
  readonly digest: Digest;
}

/** The tags that fit, with their digests. */
export async function* listTagDigests(
  api: RegistryApi,
  name: RepositoryName,
  matches: (tag: Tag) => boolean,
): AsyncGenerator<TagDigest> {
  const fitting = async function* () {
    for await (const page of api.listTags(name)) {
      for (const text of page) {
        const tag = parseTag(text);
        if (tag !== undefined && matches(tag)) yield tag;
      }
    }
  };
  const look = async (tag: Tag) => ({ tag, digest: await findTagDigest(api, name, tag) });
  for await (const { tag, digest } of mapAhead(fitting(), tagsAtOnce, look)) {
    if (digest !== undefined) yield { tag, digest };
  }
}

/** The digest that the tag leads to now; undefined if there is no such tag. */
export async function findTagDigest(api: RegistryApi, name: RepositoryName, tag: Tag): Promise<Digest | undefined> {
  const reference = { kind: "tag", tag } as const;
  const head = await api.headManifest(name, reference);
  // Some registries do not say the digest.
  return head === undefined ? undefined : (head.digest ?? (await api.getManifest(name, reference))?.digest);
}

/** What leads to an image that is to go for the sake of its tags. */
export interface TagsOfImage {
  /** Agreed to. */
  readonly own: string[];
  /** Others. */
  readonly taken: string[];
  /** Tags of indexes that name it, and that stay. */
  readonly indexes: string[];
}

/** What leads to the images of these tags now; an image that none of them leads to any more is not among them. */
export async function findTagsOfImages(
  api: RegistryApi,
  name: RepositoryName,
  tags: ReadonlyMap<Tag, Digest>,
): Promise<ReadonlyMap<Digest, TagsOfImage>> {
  const leading = new Map<Digest, Tag[]>();
  for await (const { tag, digest } of listTagDigests(api, name, () => true)) {
    const others = leading.get(digest);
    if (others === undefined) leading.set(digest, [tag]);
    else others.push(tag);
  }
  const images = new Map<Digest, TagsOfImage>();
  for (const digest of new Set(tags.values())) {
    const found = leading.get(digest) ?? [];
    const own = found.filter((tag) => tags.get(tag) === digest);
    const taken = found.filter((tag) => tags.get(tag) !== digest);
    if (own.length > 0) images.set(digest, { own, taken, indexes: [] });
  }
  const others = [...leading].filter(([digest]) => !images.has(digest));
  const look = async ([digest, leads]: readonly [Digest, readonly Tag[]]) => ({
    leads,
    children: await readChildren(api, name, digest).catch(noChildren),
  });
  for await (const { leads, children } of mapAhead(others, tagsAtOnce, look)) {
    for (const child of children) images.get(child)?.indexes.push(...leads);
  }
  return images;
}

/** The first manifests of docker are signed inside, so that they are not what their digests say; they have no children. */
function noChildren(error: unknown): readonly Digest[] {
  if (error instanceof RegistryError && error.code === "UPSTREAM_INVALID") return [];
  throw error;
}

/** Tags that have come to lead to the images since; of a whole repository they were meant too. */
export async function findNewTags(api: RegistryApi, removal: RemoteRemoval): Promise<ReadonlyMap<Digest, Tag[]>> {
  const { name, digests, taken, found } = removal;
  const fresh = new Map<Digest, Tag[]>();
  if (digests.size === 0 || [...found].some(({ isWhole }) => isWhole)) return fresh;
  for await (const { tag, digest } of listTagDigests(api, name, (each) => !taken.has(each))) {
    if (digests.has(digest)) fresh.set(digest, [...(fresh.get(digest) ?? []), tag]);
  }
  return fresh;
}

async function readChildren(api: RegistryApi, name: RepositoryName, digest: Digest): Promise<readonly Digest[]> {
  const read = await api.getManifest(name, { kind: "digest", digest });
  const parsed = read === undefined ? undefined : await parseManifestInTurns(read.bytes, undefined);
  return parsed !== undefined && "manifest" in parsed ? parsed.manifest.children.map((child) => child.digest) : [];
}

/** Resolves what the references name in one repository. */
export async function resolveRemoval(
  api: RegistryApi,
  name: RepositoryName,
  targets: readonly RemovalTarget[],
  progress: (text: string) => void,
): Promise<RemoteRemoval> {
  const tags = new Map<Tag, Digest>();
  const digests = new Set<Digest>();
  const found = new Set<RemovalTarget>();
  const isWhole = targets.some((target) => target.isWhole);
  const globs = targets.map((target) => ({ target, glob: compileNameGlob(target.tags ?? "") }));
  const needsList = targets.some(({ tags: text, digest }) => digest !== undefined || isWhole || text?.includes("*"));
  const listed = needsList ? listTagDigests(api, name, () => true) : askEach(api, name, targets);
  const taken = new Map<Tag, Digest>();
  let count = 0;
  for await (const { tag, digest } of listed) {
    count += 1;
    progress(`looked at ${count} tags of ${name}`);
    const fitting = globs.filter(({ target, glob }) => target.isWhole || glob.match(tag));
    for (const { target } of fitting) found.add(target);
    if (targets.some((target) => target.digest === digest) || isWhole) taken.set(tag, digest);
    else if (fitting.length > 0) tags.set(tag, digest);
    if (isWhole) await addWhole(api, name, digest, digests);
  }
  for (const target of targets) {
    if (target.digest === undefined) continue;
    if ((await api.headManifest(name, { kind: "digest", digest: target.digest })) === undefined) continue;
    found.add(target);
    digests.add(target.digest);
  }
  return { name, tags, digests, taken, found };
}

async function* askEach(
  api: RegistryApi,
  name: RepositoryName,
  targets: readonly RemovalTarget[],
): AsyncGenerator<TagDigest> {
  for (const { tags } of targets) {
    const tag = tags === undefined ? undefined : parseTag(tags);
    const digest = tag === undefined ? undefined : await findTagDigest(api, name, tag);
    if (tag !== undefined && digest !== undefined) yield { tag, digest };
  }
}

/** Of a whole repository the children of indexes go too, and what refers to an image: nobody would find them again. */
async function addWhole(api: RegistryApi, name: RepositoryName, root: Digest, digests: Set<Digest>): Promise<void> {
  const open = [root];
  for (const digest of open) {
    if (digests.has(digest)) continue;
    digests.add(digest);
    open.push(...(await readChildren(api, name, digest)));
    for await (const page of api.listReferrers(name, digest)) {
      open.push(...page.flatMap((entry) => readReferrer(entry)?.digest ?? []));
    }
  }
}
