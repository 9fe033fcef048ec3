// Tags and referrers of cached repositories: as upstream lists them, or as they are cached if it cannot answer.

import { Deadline } from "../client/deadline.ts";
import { Shared } from "../client/share.ts";
import { inTurns } from "../lib/pacer.ts";
import { Slots } from "../lib/slots.ts";
import { sortInTurns } from "../lib/sorted.ts";
import { type Digest, digestAlgorithm, digestHex } from "../oci/digest.ts";
import { RegistryError } from "../oci/errors.ts";
import { parseTag, type Tag } from "../oci/reference.ts";
import type { ReferrersPage, ReferrersRequest } from "../registry/referrers.ts";
import type { Page, PageRequest } from "../registry/repositories.ts";
import type { CachedRepository } from "./blobs.ts";
import type { Report } from "./events.ts";
import { itemsOf, readPages } from "./list-pages.ts";
import { type CachedManifests, isUpstreamError } from "./manifests.ts";
import { MergedReferrers } from "./merged-referrers.ts";
import type { Upstream } from "./upstream.ts";

/** What listings need. */
export interface CachedListingsOptions {
  readonly report: Report;
  /** The cached manifest of a tag, for upstreams that list referrers under one. */
  readonly manifests: CachedManifests;
}

/** How many tags upstream is asked for at once. */
const pageItems = 1000;
/** In one answer; the rest comes on further pages, even if the client asked for none. */
const maxTags = 50_000;
/** Of one upstream, at once. */
const maxListings = 2;

/** The listings of all cached repositories. */
export class CachedListings {
  readonly #options: CachedListingsOptions;
  /** Lists take memory while they are put together. Each upstream has places of its own. */
  readonly #places = new WeakMap<Upstream, Slots>();
  readonly #tags = new Shared<Page<Tag> | undefined>();

  constructor(options: CachedListingsOptions) {
    this.#options = options;
  }

  /** A page of tags, as upstream has them now. */
  async tags(repository: CachedRepository, request: PageRequest): Promise<Page<Tag>> {
    try {
      const { answerMs } = repository.upstream.times;
      const key = `${repository.name} ${request.limit} ${request.after}`;
      const page = await this.#tags.run(key, answerMs, async () => {
        using _place = await this.#takePlace(repository);
        return await fetchTags(repository, request);
      });
      if (page !== undefined) return page;
      const cached = await repository.local.tags.list(request);
      return { ...cached, warning: this.#noteStale(repository, "the repository is gone there") };
    } catch (error) {
      if (!isUpstreamError(error)) throw error;
      const cached = await repository.local.tags.list(request).catch((unknown) => {
        // Not cached either: the answer is what is wrong upstream, not a false 404.
        throw unknown instanceof RegistryError && unknown.code === "NAME_UNKNOWN" ? error : unknown;
      });
      return { ...cached, warning: this.#noteStale(repository, error.message) };
    }
  }

  /** A page of referrers: upstream's and the cached ones. */
  async referrers(repository: CachedRepository, request: ReferrersRequest): Promise<ReferrersPage> {
    const merged = new MergedReferrers(await repository.local.referrers.list(request), request);
    try {
      using _place = await this.#takePlace(repository);
      const isWhole = await this.#addUpstream(repository, request.subject, merged);
      return merged.page(isWhole ? undefined : `${repository.upstream.host} lists more than is read here`);
    } catch (error) {
      if (!isUpstreamError(error)) throw error;
      return merged.page(this.#noteStale(repository, error.message));
    }
  }

  /** Uses the API, or the tag that clients use for upstreams without it. */
  async #addUpstream(repository: CachedRepository, subject: Digest, merged: MergedReferrers): Promise<boolean> {
    let isWhole: boolean | undefined;
    for await (const page of readPages(repository, { path: `referrers/${subject}`, field: "manifests" })) {
      await merged.add(page.items);
      isWhole = page.isLast;
    }
    if (isWhole === undefined) await merged.add(await this.#fetchTagged(repository, subject));
    return isWhole ?? true;
  }

  async #fetchTagged(repository: CachedRepository, subject: Digest): Promise<readonly unknown[]> {
    const tag = parseTag(`${digestAlgorithm(subject)}-${digestHex(subject)}`.slice(0, 128));
    if (tag === undefined) return [];
    try {
      const { bytes } = await this.#options.manifests.get(repository, { kind: "tag", tag });
      // A cached manifest is known to be JSON that parses fast.
      return itemsOf(JSON.parse(new TextDecoder().decode(bytes)), "manifests");
    } catch (error) {
      if (error instanceof RegistryError && error.code === "MANIFEST_UNKNOWN") return [];
      throw error;
    }
  }

  async #takePlace({ upstream }: CachedRepository): Promise<Disposable> {
    const places = this.#places.get(upstream) ?? new Slots(maxListings);
    this.#places.set(upstream, places);
    using patience = new Deadline(upstream.times.answerMs, upstream.host);
    return await places.take(patience.signal);
  }

  #noteStale({ name, upstream }: CachedRepository, reason: string): string {
    this.#options.report({ kind: "stale", upstream: upstream.host, name, reason });
    return `only what is cached: ${reason}`;
  }
}

/** Undefined if upstream has no such repository. */
async function fetchTags(repository: CachedRepository, { limit, after }: PageRequest): Promise<Page<Tag> | undefined> {
  const most = Math.min(limit, maxTags);
  const query = new URLSearchParams({ n: String(Math.min(most + 1, pageItems)) });
  if (after !== undefined) query.set("last", after);
  const tags = new Set<Tag>();
  let isWhole: boolean | undefined;
  for await (const page of readPages(repository, { path: `tags/list?${query}`, field: "tags" })) {
    // An upstream without pagination starts from the beginning.
    for await (const tag of parseTags(page.items)) if (tag > (after ?? "")) tags.add(tag);
    isWhole = page.isLast;
    if (tags.size > most) break;
  }
  if (isWhole === undefined) return undefined;
  const sorted = (await sortInTurns([...tags])) as Tag[];
  return { items: sorted.slice(0, most), hasMore: sorted.length > most || !isWhole };
}

async function* parseTags(items: readonly unknown[]): AsyncGenerator<Tag> {
  for await (const text of inTurns(items)) {
    const tag = typeof text === "string" ? parseTag(text) : undefined;
    if (tag !== undefined) yield tag;
  }
}
