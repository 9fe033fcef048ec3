// Immutable tags: once such a tag points to a manifest, clients can neither move nor delete it.
import { compileNameGlob } from "../lib/name-glob.ts";
import type { Digest } from "../oci/digest.ts";
import { RegistryError } from "../oci/errors.ts";
import type { RepositoryName } from "../oci/name.ts";
import type { Tag } from "../oci/reference.ts";
import type { Stat } from "../storage/ports.ts";
import { revisionLink, tagCurrentLink } from "./layout.ts";
import { readLink } from "./links.ts";
import type { Store } from "./store.ts";
import { readTag } from "./tags.ts";

/** Whether clients may only create the tag. */
export type IsImmutable = (name: RepositoryName, tag: Tag) => boolean;

/** Globs of repositories, and of the tags in them that are immutable. */
export interface ImmutableRule {
  readonly repositories: readonly string[];
  readonly tags: readonly string[];
}

/** Compiles the rules; a tag is immutable if any of them covers it. */
export function compileImmutable(rules: readonly ImmutableRule[]): IsImmutable {
  const compiled = rules.map(({ repositories, tags }) => ({
    repositories: repositories.map(compileNameGlob),
    tags: tags.map(compileNameGlob),
  }));
  return (name, tag) =>
    compiled.some(
      ({ repositories, tags }) => repositories.some((glob) => glob.match(name)) && tags.some((glob) => glob.match(tag)),
    );
}

/** What the links of tags are, which only that may replace. */
export type TagConditions = ReadonlyMap<Tag, { readonly expected: Stat | undefined }>;

/** Every tag can be moved. */
export const noneImmutable: IsImmutable = () => false;

/**
 * Refuses a push that would move one of these tags; returns what their links are, as two pushes of a new tag both find it free:
 * only that may be replaced. A tag whose manifest is lost may be given another one.
 */
export async function refuseMoves(
  store: Store,
  name: RepositoryName,
  { tags, digest }: { readonly tags: readonly Tag[]; readonly digest: Digest },
): Promise<TagConditions> {
  const conditions = new Map<Tag, { readonly expected: Stat | undefined }>();
  for (const tag of tags) {
    // Before it is read: what is read later has been seen by nobody who compares.
    conditions.set(tag, { expected: await store.objects.stat(tagCurrentLink(name, tag)) });
    const current = await readTag(store, name, tag);
    if (current === undefined || current === digest) continue;
    if ((await readLink(store, revisionLink(name, current))) !== current) continue;
    throw new RegistryError("DENIED", {
      message: `the tag ${tag} is immutable and points to another manifest; push under a new tag`,
      detail: { name, tag },
    });
  }
  return conditions;
}

/** Refuses to delete tags of which one is immutable. */
export function refuseDeletion(
  name: RepositoryName,
  { tags, isImmutable }: { readonly tags: readonly Tag[]; readonly isImmutable: IsImmutable },
): void {
  const tag = tags.find((each) => isImmutable(name, each));
  if (tag === undefined) return;
  throw new RegistryError("DENIED", {
    message: `the tag ${tag} is immutable: neither it nor its manifest can be deleted`,
    detail: { name, tag },
  });
}
