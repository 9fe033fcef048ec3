// Referrers: the manifests that name another one as their subject. The index is rebuilt from the manifests for
// directories that another registry wrote to; a referrer counts only while its revision exists.
import type { Digest } from "../oci/digest.ts";
import { parseManifest } from "../oci/manifest.ts";
import type { RepositoryName } from "../oci/name.ts";
import { referrerLink, subjectPrefix } from "./layout.ts";
import { listDigests, putLink } from "./links.ts";
import { isRevision, openRevision } from "./manifests.ts";
import type { ReferrerEntry } from "./referrer-index.ts";
import { listRevisions, type Page } from "./repositories.ts";
import { type Store, withLock } from "./store.ts";

/** A referrer as the API shows it. */
export interface Referrer {
  readonly mediaType: string;
  readonly size: number;
  readonly digest: Digest;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Which referrers are wanted. */
export interface ReferrersRequest {
  readonly subject: Digest;
  /** Only those of this type. */
  readonly artifactType: string | undefined;
  /** Only those that come after this one. */
  readonly after: Digest | undefined;
}

/** An answer is itself an index, and clients read indexes of 4 MiB; the rest comes on further pages. */
const maxPageBytes = 3 * 1024 * 1024;
const maxPageItems = 1000;
const revisionsBetweenPauses = 100;

/** The referrers of a store. */
export class Referrers {
  readonly #store: Store;
  /**
   * Repositories whose manifests were all looked at since the start: who writes meanwhile keeps the index himself. With
   * the referrers whose entry could not be written, on a full or read-only disk.
   */
  readonly #rebuilt = new Map<RepositoryName, Promise<readonly ReferrerEntry[]>>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** A page of referrers, in the order of their digests. */
  async list(name: RepositoryName, request: ReferrersRequest): Promise<Page<Referrer>> {
    const unwritten = await this.#ensureRebuilt(name);
    const more = unwritten.filter(({ subject }) => subject === request.subject).map(({ digest }) => digest);
    const items: Referrer[] = [];
    let pageBytes = 0;
    for (const digest of await this.#find(name, { subject: request.subject, more })) {
      if (request.after !== undefined && digest <= request.after) continue;
      const referrer = await this.#describe(name, { subject: request.subject, digest });
      if (referrer === undefined || !isWanted(referrer, request.artifactType)) continue;
      pageBytes += JSON.stringify(referrer).length;
      if (items.length > 0 && (pageBytes > maxPageBytes || items.length === maxPageItems))
        return { items, hasMore: true };
      items.push(referrer);
    }
    return { items, hasMore: false };
  }

  /** In byte order; each once. */
  async #find(
    name: RepositoryName,
    { subject, more }: { readonly subject: Digest; readonly more: readonly Digest[] },
  ): Promise<readonly Digest[]> {
    const found = new Set(more);
    for await (const digest of listDigests(this.#store, subjectPrefix(name, subject))) found.add(digest);
    return [...found].sort();
  }

  /** Undefined for an entry that its manifest does not bear out. */
  async #describe(name: RepositoryName, { subject, digest }: ReferrerEntry): Promise<Referrer | undefined> {
    const stored = await openRevision(this.#store, name, digest);
    const parsed = stored === undefined ? undefined : parseManifest(stored.bytes, undefined);
    if (stored === undefined || parsed === undefined || "problem" in parsed) return undefined;
    if (parsed.manifest.subject?.digest !== subject) return undefined;
    const { mediaType, artifactType, annotations } = parsed.manifest;
    return {
      mediaType,
      size: stored.bytes.length,
      digest,
      ...(artifactType === undefined ? {} : { artifactType }),
      ...(annotations === undefined ? {} : { annotations }),
    };
  }

  async #ensureRebuilt(name: RepositoryName): Promise<readonly ReferrerEntry[]> {
    const running = this.#rebuilt.get(name) ?? this.#rebuild(name);
    this.#rebuilt.set(name, running);
    try {
      return await running;
    } catch (error) {
      this.#rebuilt.delete(name);
      throw error;
    }
  }

  async #rebuild(name: RepositoryName): Promise<readonly ReferrerEntry[]> {
    const unwritten: ReferrerEntry[] = [];
    let count = 0;
    for await (const digest of listRevisions(this.#store, name)) {
      count += 1;
      if (count % revisionsBetweenPauses === 0) await new Promise((resolve) => setImmediate(resolve));
      const stored = await openRevision(this.#store, name, digest);
      const parsed = stored === undefined ? undefined : parseManifest(stored.bytes, undefined);
      const subject = parsed === undefined || "problem" in parsed ? undefined : parsed.manifest.subject?.digest;
      if (subject === undefined) continue;
      const link = referrerLink(name, subject, digest);
      if ((await this.#store.driver.stat(link)) !== undefined) continue;
      try {
        await withLock(this.#store, name, "shared", async () => {
          // It may have been deleted since it was read.
          if (await isRevision(this.#store, name, digest)) await putLink(this.#store, link, digest);
        });
      } catch {
        // The index only saves time: the answer must not depend on whether the disk can be written.
        unwritten.push({ subject, digest });
      }
    }
    // Names of repositories that do not exist must not fill the memory.
    if (count === 0) this.#rebuilt.delete(name);
    return unwritten;
  }
}

function isWanted(referrer: Referrer, artifactType: string | undefined): boolean {
  return artifactType === undefined || (referrer.artifactType ?? "") === artifactType;
}
