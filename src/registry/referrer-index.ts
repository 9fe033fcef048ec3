// The index of referrers, entry by entry. It only saves time: the bytes of a manifest say what it refers to.
import type { Digest } from "../oci/digest.ts";
import type { RepositoryName } from "../oci/name.ts";
import { referrersPrefix, subjectPrefix } from "./layout.ts";
import { listDigests } from "./links.ts";
import type { Store } from "./store.ts";

/** That the manifest `digest` names the subject. */
export interface ReferrerEntry {
  readonly subject: Digest;
  readonly digest: Digest;
}

/** What the index has of one subject. */
export interface IndexedSubject {
  readonly subject: Digest;
  readonly entries: readonly ReferrerEntry[];
}

/** Every subject of a repository with its entries; there may be none. */
export async function* walkReferrerIndex(store: Store, name: RepositoryName): AsyncGenerator<IndexedSubject> {
  for await (const subject of listDigests(store, referrersPrefix(name))) {
    const digests = await Array.fromAsync(listDigests(store, subjectPrefix(name, subject)));
    yield { subject, entries: digests.map((digest) => ({ subject, digest })) };
  }
}

/** Every entry of a repository. */
export async function* listReferrerEntries(store: Store, name: RepositoryName): AsyncGenerator<ReferrerEntry> {
  for await (const { entries } of walkReferrerIndex(store, name)) yield* entries;
}

/**
 * Whether nothing backs the entry: its manifest, given as the repository holds it, is gone (a deletion was killed
 * half-way, or another registry deleted it), or names another subject.
 */
export function isStaleEntry(
  entry: ReferrerEntry,
  revision: { readonly subject: Digest | undefined } | undefined,
): boolean {
  return revision?.subject !== entry.subject;
}
