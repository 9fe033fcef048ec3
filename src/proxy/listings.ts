// Tags and referrers of cached repositories: what upstream lists, and what is cached where it cannot say.
import { isRecord, parseDescriptor } from "../oci/descriptor.ts";
import { type Digest, digestAlgorithm, digestHex } from "../oci/digest.ts";
import { RegistryError } from "../oci/errors.ts";
import { parseTag, type Tag } from "../oci/reference.ts";
import type { Referrer, ReferrersRequest } from "../registry/referrers.ts";
import type { Registry } from "../registry/registry.ts";
import type { Page, PageRequest } from "../registry/repositories.ts";
import type { CachedRepository } from "./blobs.ts";
import type { Report } from "./events.ts";
import { isUpstreamError } from "./manifests.ts";

/** What listings take. */
export interface CachedListingsOptions {
  readonly local: Registry;
  readonly report: Report;
  /** The cached manifest of a tag, for upstreams that list referrers under one. */
  readonly getManifest: Registry["manifests"]["get"];
}

const maxPages = 100;
const pageItems = 1000;

/** The listings of all cached repositories. */
export class CachedListings {
  readonly #options: CachedListingsOptions;

  constructor(options: CachedListingsOptions) {
    this.#options = options;
  }

  /** A page of tags, as upstream has them now. */
  async tags(repository: CachedRepository, request: PageRequest): Promise<Page<Tag>> {
    const { local } = this.#options;
    try {
      const tags = await this.#fetchTags(repository, request);
      if (tags !== undefined) return pageOf(tags, request);
      const cached = await local.tags.list(repository.name, request);
      return { ...cached, warning: this.#noteStale(repository, "the repository is gone there") };
    } catch (error) {
      if (!isUpstreamError(error)) throw error;
      const cached = await local.tags.list(repository.name, request).catch((unknown) => {
        // Not cached either: what is wrong upstream is the answer, and no false 404.
        throw unknown instanceof RegistryError && unknown.code === "NAME_UNKNOWN" ? error : unknown;
      });
      return { ...cached, warning: this.#noteStale(repository, error.message) };
    }
  }

  async #fetchTags({ route }: CachedRepository, { limit, after }: PageRequest): Promise<readonly Tag[] | undefined> {
    const query = new URLSearchParams({ n: String(Math.min(limit + 1, pageItems)) });
    if (after !== undefined) query.set("last", after);
    const tags = new Set<Tag>();
    let path: string | undefined = `tags/list?${query}`;
    for (let page = 0; path !== undefined && page < maxPages && tags.size <= limit; page += 1) {
      const answer = await route.upstream.getList(route.remoteName, path);
      if (answer === undefined) return page === 0 ? undefined : [...tags];
      const listed = isRecord(answer.value) && Array.isArray(answer.value.tags) ? answer.value.tags : [];
      for (const text of listed) {
        const tag = typeof text === "string" ? parseTag(text) : undefined;
        // An upstream that knows no pages lists from the beginning.
        if (tag !== undefined && (after === undefined || tag > after)) tags.add(tag);
      }
      path = answer.next;
    }
    return [...tags].sort();
  }

  /** A page of referrers: upstream's and the cached ones. */
  async referrers(repository: CachedRepository, request: ReferrersRequest): Promise<Page<Referrer>> {
    const cached = await this.#allCached(repository, request);
    const found = new Map(cached.map((referrer) => [referrer.digest, referrer]));
    let warning: string | undefined;
    try {
      for (const referrer of await this.#fetchReferrers(repository, request.subject))
        found.set(referrer.digest, referrer);
    } catch (error) {
      if (!isUpstreamError(error)) throw error;
      warning = this.#noteStale(repository, error.message);
    }
    const { artifactType, after } = request;
    const items = [...found.values()]
      .filter((referrer) => artifactType === undefined || (referrer.artifactType ?? "") === artifactType)
      .filter(({ digest }) => after === undefined || digest > after)
      .sort((left, right) => (left.digest < right.digest ? -1 : 1));
    const page = { items: items.slice(0, pageItems), hasMore: items.length > pageItems };
    return warning === undefined ? page : { ...page, warning };
  }

  async #allCached({ name }: CachedRepository, request: ReferrersRequest): Promise<readonly Referrer[]> {
    const items: Referrer[] = [];
    let after = request.after;
    for (let page = 0; page < maxPages; page += 1) {
      const listed = await this.#options.local.referrers.list(name, { ...request, after });
      items.push(...listed.items);
      after = listed.last;
      if (after === undefined) break;
    }
    return items;
  }

  /** By the API, and where an upstream does not have it, by the tag that clients of such registries use. */
  async #fetchReferrers({ name, route }: CachedRepository, subject: Digest): Promise<readonly Referrer[]> {
    const referrers: Referrer[] = [];
    let path: string | undefined = `referrers/${subject}`;
    for (let page = 0; path !== undefined && page < maxPages; page += 1) {
      const answer = await route.upstream.getList(route.remoteName, path);
      if (answer === undefined) return page === 0 ? this.#fetchTagged(name, subject) : referrers;
      referrers.push(...referrersOf(answer.value));
      path = answer.next;
    }
    return referrers;
  }

  async #fetchTagged(name: CachedRepository["name"], subject: Digest): Promise<readonly Referrer[]> {
    const tag = parseTag(`${digestAlgorithm(subject)}-${digestHex(subject)}`.slice(0, 128));
    if (tag === undefined) return [];
    try {
      const { bytes } = await this.#options.getManifest(name, { kind: "tag", tag });
      return referrersOf(JSON.parse(new TextDecoder().decode(bytes)));
    } catch (error) {
      if (error instanceof RegistryError && error.code === "MANIFEST_UNKNOWN") return [];
      throw error;
    }
  }

  #noteStale({ name, route }: CachedRepository, reason: string): string {
    this.#options.report({ kind: "stale", upstream: route.upstream.host, name, reason });
    return `only what is cached: ${reason}`;
  }
}

function pageOf(tags: readonly Tag[], { limit }: PageRequest): Page<Tag> {
  return { items: tags.slice(0, limit), hasMore: tags.length > limit };
}

function referrersOf(value: unknown): readonly Referrer[] {
  const listed = isRecord(value) && Array.isArray(value.manifests) ? value.manifests : [];
  return listed.flatMap((entry: unknown) => {
    const parsed = parseDescriptor(entry);
    if ("problem" in parsed || !isRecord(entry)) return [];
    const { mediaType, sizeBytes, digest } = parsed.descriptor;
    const { artifactType, annotations } = entry;
    return [
      {
        mediaType,
        size: sizeBytes,
        digest,
        ...(typeof artifactType === "string" ? { artifactType } : {}),
        ...(isTexts(annotations) ? { annotations } : {}),
      },
    ];
  });
}

function isTexts(value: unknown): value is Readonly<Record<string, string>> {
  return isRecord(value) && Object.values(value).every((text) => typeof text === "string");
}
