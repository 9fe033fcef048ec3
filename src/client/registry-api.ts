// What a registry holds, as a command asks for it: lists page by page, manifests and small blobs that are what their
// digests say, referrers, and deletions. What the registry does not have is undefined.
import { parseStrictJsonInTurns } from "../lib/json.ts";
import { isRecord } from "../oci/descriptor.ts";
import { type Digest, digestAlgorithm, digestHex } from "../oci/digest.ts";
import { RegistryError } from "../oci/errors.ts";
import { hashBytes } from "../oci/hash.ts";
import { maxManifestBytes } from "../oci/manifest.ts";
import { manifestTypes, stripParameters } from "../oci/media-type.ts";
import type { RepositoryName } from "../oci/name.ts";
import { formatReference, parseTag, type Reference, type Tag } from "../oci/reference.ts";
import { Deadline } from "./deadline.ts";
import type { RegistryClient, RegistryRequest } from "./registry-client.ts";
import { type Patience, withRetries } from "./retry.ts";
import type { UpstreamAnswer } from "./transport.ts";
import { digestOf, readWholeAnswer } from "./upstream-answer.ts";
import { pullScope, type Scopes } from "./upstream-token.ts";

/** A manifest as it came. */
export interface FetchedManifest {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly digest: Digest;
  /** As the registry declares it. */
  readonly contentType: string | undefined;
}

/** What became of a deletion. */
export type DeletionAnswer = "deleted" | "absent" | "unsupported";

const acceptManifests = { Accept: [...manifestTypes, "*/*"].join(", ") };
const pageSize = 1000;
/** Some registries send every tag in one page. */
const maxListBytes = 32 * 1024 * 1024;
const listLimits = { maxDepth: 100, maxValues: 1_000_000, maxDifferentKeys: 5000, maxEscapes: 1_000_000 };
const maxPages = 100_000;
const stallMs = 30_000;
/** For one page, or another answer that is read whole: one that drips would never stall. */
const wholeMs = 120_000;
/** For all pages of a list together. */
const listMs = 30 * 60_000;
const patience = { pauseMs: 500, attempts: 4, longestMs: 60_000 } as const;
const catalogScopes: Scopes = ["registry:catalog:*"];

/** How long the registry may take. */
export interface RegistryApiLimits {
  /** For an answer that is read whole. */
  readonly wholeMs: number;
  /** For all pages of a list. */
  readonly listMs: number;
}

/** One registry's API. */
export class RegistryApi {
  readonly client: RegistryClient;
  readonly #patience: Patience;
  readonly #limits: RegistryApiLimits;

  constructor(
    client: RegistryClient,
    {
      signal,
      pauseMs = patience.pauseMs,
      ...limits
    }: { readonly signal: AbortSignal; readonly pauseMs?: number } & Partial<RegistryApiLimits>,
  ) {
    this.client = client;
    this.#patience = { ...patience, pauseMs, signal };
    this.#limits = { wholeMs, listMs, ...limits };
  }

  /** The pages of the catalog. */
  listRepositories(): AsyncGenerator<readonly string[]> {
    return this.#pages({ path: "_catalog", field: "repositories", scopes: catalogScopes });
  }

  /** The pages of the tags; none if there is no such repository. */
  listTags(name: RepositoryName): AsyncGenerator<readonly string[]> {
    return this.#pages({ path: `${name}/tags/list`, field: "tags", scopes: pullScope(name) });
  }

  /** The digest of a manifest, where the registry says it without sending the manifest. */
  async headManifest(name: RepositoryName, reference: Reference): Promise<{ digest: Digest | undefined } | undefined> {
    const path = `${name}/manifests/${formatReference(reference)}`;
    const answer = await this.#find({ method: "HEAD", path, scopes: pullScope(name), headers: acceptManifests });
    return answer === undefined ? undefined : { digest: digestOf(answer) };
  }

  /** A manifest; throws UPSTREAM_INVALID if it is not what the digest says. */
  async getManifest(name: RepositoryName, reference: Reference): Promise<FetchedManifest | undefined> {
    const path = `${name}/manifests/${formatReference(reference)}`;
    const request = { method: "GET", path, scopes: pullScope(name), headers: acceptManifests } as const;
    return this.#read(request, maxManifestBytes, (bytes, answer) => {
      const wanted = reference.kind === "digest" ? reference.digest : digestOf(answer);
      const digest = hashBytes(bytes, wanted === undefined ? "sha256" : digestAlgorithm(wanted));
      if (wanted !== undefined && digest !== wanted) throw this.#wrong(`${path} has the digest ${digest}`);
      const type = answer.headers.get("content-type");
      return { bytes, digest, contentType: type === null ? undefined : stripParameters(type) };
    });
  }

  /** Whether there is such a blob in the repository. */
  async hasBlob(name: RepositoryName, digest: Digest): Promise<boolean> {
    const path = `${name}/blobs/${digest}`;
    return (await this.#find({ method: "HEAD", path, scopes: pullScope(name) })) !== undefined;
  }

  /** A whole blob, for a small one; throws UPSTREAM_INVALID if it is longer or not what the digest says. */
  async getBlob(name: RepositoryName, digest: Digest, maxBytes: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const path = `${name}/blobs/${digest}`;
    return this.#read({ method: "GET", path, scopes: pullScope(name) }, maxBytes, (bytes) => {
      const found = hashBytes(bytes, digestAlgorithm(digest));
      if (found !== digest) throw this.#wrong(`${path} has the digest ${found}`);
      return bytes;
    });
  }

  /** The pages of the referrers, as the registry describes them. One without that list keeps them under a tag. */
  async *listReferrers(name: RepositoryName, digest: Digest): AsyncGenerator<readonly unknown[]> {
    const path = `${name}/referrers/${digest}`;
    let isThere = false;
    try {
      for await (const page of this.#values({ path, field: "manifests", scopes: pullScope(name), isUnsized: true })) {
        isThere = true;
        yield page;
      }
    } catch (error) {
      // Old registries do not know the path.
      const isUnknown = error instanceof RegistryError && error.code === "UPSTREAM_INVALID";
      if (isThere || !isUnknown) throw error;
    }
    if (isThere) return;
    const tag = parseTag(`${digestAlgorithm(digest)}-${digestHex(digest).slice(0, 64)}`);
    const index = tag === undefined ? undefined : await this.getManifest(name, { kind: "tag", tag });
    if (index !== undefined) yield itemsOf(await parse(index.bytes), "manifests");
  }

  /** Deletes a manifest, with every tag that leads to it. */
  async deleteManifest(name: RepositoryName, digest: Digest): Promise<DeletionAnswer> {
    return this.#delete(name, `manifests/${digest}`);
  }

  /** Deletes a tag and nothing else. Registries before the OCI specification 1.0 cannot do that. */
  async deleteTag(name: RepositoryName, tag: Tag): Promise<DeletionAnswer> {
    return this.#delete(name, `manifests/${tag}`);
  }

  async #delete(name: RepositoryName, path: string): Promise<DeletionAnswer> {
    const request = { method: "DELETE", path: `${name}/${path}`, scopes: [`repository:${name}:delete`] } as const;
    return withRetries(async () => {
      const answer = await this.client.send({ ...request, signal: this.#patience.signal });
      answer.cancel();
      if (answer.status >= 200 && answer.status < 300) return "deleted";
      if (answer.status === 404) return "absent";
      // 405: not at all, or no tags. 400: a tag is no digest. Docker Hub answers 415 or 501.
      if ([400, 405, 415, 501].includes(answer.status)) return "unsupported";
      this.client.judge(answer);
      throw this.#wrong(`answers ${answer.status} to a deletion`);
    }, this.#patience);
  }

  async *#pages(list: ListPlace): AsyncGenerator<readonly string[]> {
    for await (const page of this.#values(list)) yield page.filter((item) => typeof item === "string");
  }

  async *#values({ path: first, field, scopes, isUnsized }: ListPlace): AsyncGenerator<readonly unknown[]> {
    let path: string | undefined = isUnsized === true ? first : `${first}?n=${pageSize}`;
    let readingMs = 0;
    for (let page = 0; path !== undefined; page += 1) {
      const asked: string = path;
      const startedMs = performance.now();
      const read = await this.#read({ method: "GET", path: asked, scopes }, maxListBytes, async (bytes, answer) => ({
        items: itemsOf(await parse(bytes), field),
        next: this.client.nextPath(answer, first),
        hasNext: this.client.hasNext(answer),
      }));
      // A part is not taken for the whole: a mirror would delete the rest.
      if (read === undefined && page > 0) throw this.#wrong(`breaks off its list ${first}`);
      if (read === undefined) return;
      // What is done with a page is no time of the registry's.
      readingMs += performance.now() - startedMs;
      if (readingMs > this.#limits.listMs) throw this.#wrong(`does not come to the end of its list ${first}`);
      yield read.items;
      if (read.hasNext && read.next === undefined) throw this.#wrong(`continues its list ${first} elsewhere`);
      if (read.next === asked || page === maxPages) throw this.#wrong(`lists ${first} without end`);
      path = read.next;
    }
  }

  #find(request: Omit<RegistryRequest, "signal">): Promise<UpstreamAnswer | undefined> {
    const { signal } = this.#patience;
    return withRetries(() => this.client.find({ ...request, signal }), this.#patience);
  }

  async #read<T>(
    request: Omit<RegistryRequest, "signal">,
    maxBytes: number,
    take: (bytes: Uint8Array<ArrayBuffer>, answer: UpstreamAnswer) => T | Promise<T>,
  ): Promise<T | undefined> {
    const { host } = this.client;
    return withRetries(async () => {
      using deadline = new Deadline(this.#limits.wholeMs, host);
      const signal = AbortSignal.any([this.#patience.signal, deadline.signal]);
      const answer = await this.client.find({ ...request, signal });
      if (answer === undefined) return undefined;
      return take(await readWholeAnswer(answer, { maxBytes, stallMs, host }), answer);
    }, this.#patience);
  }

  #wrong(what: string): RegistryError {
    return new RegistryError("UPSTREAM_INVALID", { message: `${this.client.host}: ${what}` });
  }
}

interface ListPlace {
  readonly path: string;
  /** Of the answer, with the items. */
  readonly field: string;
  readonly scopes: Scopes;
  /** Whether the page's size may not be asked for. */
  readonly isUnsized?: boolean;
}

async function parse(bytes: Uint8Array): Promise<unknown> {
  const json = await parseStrictJsonInTurns(bytes, listLimits);
  if ("value" in json) return json.value;
  throw new RegistryError("UPSTREAM_INVALID", { message: `the answer is no list: ${json.problem}` });
}

/** None if it is not a list: a repository without tags may have `null`. */
function itemsOf(value: unknown, field: string): readonly unknown[] {
  const items = isRecord(value) ? value[field] : undefined;
  return Array.isArray(items) ? items : [];
}
