// Referrers: the manifests that name another one as their subject. The index is rebuilt from the manifests for
// directories that another registry wrote to; a referrer counts only while its revision exists.
import { sortInTurns } from "../lib/sorted.ts";
import type { Digest } from "../oci/digest.ts";
import type { RepositoryName } from "../oci/name.ts";
import { subjectPrefix } from "./layout.ts";
import { listDigests } from "./links.ts";
import { describeRevision } from "./manifests.ts";
import type { ReferrerEntry } from "./referrer-index.ts";
import { rebuildReferrers } from "./referrer-rebuild.ts";
import type { Page } from "./repositories.ts";
import type { Store } from "./store.ts";

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
const defaultPageLooks = 5000;

/** A page of referrers. */
export interface ReferrersPage extends Page<Referrer> {
  /** The one that the next page begins after, which need not be an item. */
  readonly last?: Digest;
}

/** The referrers of a store. */
export class Referrers {
  readonly #store: Store;
  readonly #maxPageLooks: number;
  /**
   * Repositories whose manifests have all been read since the start; every push since then maintains the index. With the
   * referrers whose entry could not be written, on a full or read-only disk.
   */
  readonly #rebuilt = new Map<RepositoryName, Promise<readonly ReferrerEntry[]>>();

  constructor(store: Store, { maxPageLooks } = { maxPageLooks: defaultPageLooks }) {
    this.#store = store;
    this.#maxPageLooks = maxPageLooks;
  }

  /**
   * A page of referrers, in the order of their digests. It ends after a number of them were read, wanted or not, since each
   * costs a read from disk; the answer then says where to continue, even if nothing has been found yet.
   */
  async list(name: RepositoryName, request: ReferrersRequest): Promise<ReferrersPage> {
    const unwritten = await this.#ensureRebuilt(name);
    const more = unwritten.filter(({ subject }) => subject === request.subject).map(({ digest }) => digest);
    const items: Referrer[] = [];
    let pageBytes = 0;
    let last: Digest | undefined;
    for (const [looks, digest] of (await this.#find(name, { ...request, more })).entries()) {
      const referrer = looks === this.#maxPageLooks ? "enough" : await this.#describe(name, { ...request, digest });
      const isMore = typeof referrer === "object" && isWanted(referrer, request.artifactType);
      if (isMore) pageBytes += JSON.stringify(referrer).length;
      const isFull = items.length > 0 && (pageBytes > maxPageBytes || items.length === maxPageItems);
      if (last !== undefined && (referrer === "enough" || (isMore && isFull))) return { items, hasMore: true, last };
      if (isMore) items.push(referrer);
      last = digest;
    }
    return { items, hasMore: false };
  }

  /** In byte order; each once. */
  async #find(
    name: RepositoryName,
    { subject, after, more }: ReferrersRequest & { readonly more: readonly Digest[] },
  ): Promise<readonly Digest[]> {
    const found = new Set<string>(more);
    for await (const digest of listDigests(this.#store, subjectPrefix(name, subject))) found.add(digest);
    const sorted = await sortInTurns([...found]);
    return sorted.filter((digest) => after === undefined || digest > after) as Digest[];
  }

  /** Undefined for an entry that its manifest does not confirm. */
  async #describe(name: RepositoryName, { subject, digest }: ReferrerEntry): Promise<Referrer | undefined> {
    const facts = await describeRevision(this.#store, name, digest);
    if (facts === undefined || facts.subject !== subject) return undefined;
    const { mediaType, sizeBytes, artifactType, annotations } = facts;
    return {
      mediaType,
      size: sizeBytes,
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
    const { unwritten, isEmpty } = await rebuildReferrers(this.#store, name);
    // Names of repositories that do not exist must not fill the memory.
    if (isEmpty) this.#rebuilt.delete(name);
    return unwritten;
  }
}

function isWanted(referrer: Referrer, artifactType: string | undefined): boolean {
  return artifactType === undefined || (referrer.artifactType ?? "") === artifactType;
}
