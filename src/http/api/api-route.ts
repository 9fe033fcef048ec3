// The routes of the read API. No repository can be called "-", so no other path begins so.
//
//   /-/api/v1/session                                  apiSession
//   /-/api/v1/state                                    apiState
//   /-/api/v1/usage                                    apiUsage
//   /-/api/v1/repositories                             apiRepositories
//   /-/api/v1/tree                                     apiTree
//   /-/api/v1/repositories/<name>/tags                 apiTags
//   /-/api/v1/repositories/<name>/deletion-plan        apiDeletionPlan
//   /-/api/v1/repositories/<name>/deletions            apiDeletion
//
// The last segment tells them apart, so a repository may be called "tags".
import type { Digest } from "../../oci/digest.ts";
import { RegistryError } from "../../oci/errors.ts";
import type { RepositoryName } from "../../oci/name.ts";
import { type TagOrder, type TagPlace, tagOrders } from "../../registry/reading/tag-listing.ts";
import { parsePageQuery, singleValue } from "../pagination.ts";
import { requireDigest, requireName } from "../route-parts.ts";
import { parseTagPlace } from "./tag-place.ts";

/** Everything that can be asked of the read API. */
export type ApiRoute =
  | { readonly kind: "apiState" | "apiUsage" }
  | { readonly kind: "apiSession"; readonly repository: RepositoryName | undefined }
  | ({ readonly kind: "apiRepositories"; readonly search: string | undefined } & PrefixQuery)
  | ({ readonly kind: "apiTree" } & PrefixQuery)
  | ({ readonly kind: "apiTags"; readonly name: RepositoryName } & TagQuery)
  | { readonly kind: "apiDeletionPlan" | "apiDeletion"; readonly name: RepositoryName };

const kinds: Record<ApiRoute["kind"], true> = {
  apiSession: true,
  apiState: true,
  apiUsage: true,
  apiRepositories: true,
  apiTree: true,
  apiTags: true,
  apiDeletionPlan: true,
  apiDeletion: true,
};

/** Whether the route is one of the API's. */
export function isApiRoute<Other extends { readonly kind: string }>(route: Other | ApiRoute): route is ApiRoute {
  return Object.hasOwn(kinds, route.kind);
}

/** A page of names below a prefix. */
interface PrefixQuery {
  readonly limit: number;
  readonly last: string | undefined;
  readonly prefix: string;
}

/** A page of tags. */
interface TagQuery {
  readonly limit: number;
  readonly after: TagPlace | undefined;
  readonly order: TagOrder;
  readonly isDescending: boolean;
  readonly filter: string | undefined;
  readonly digest: Digest | undefined;
}

/** The path of the API, below the prefix of every path. */
export const apiPrefix = "-/api/v1/";

/** What the segments after it name. */
export interface ApiPlace {
  readonly word: string;
  /** The segments of the repository name, not checked yet. */
  readonly name: readonly string[];
  /** Whether it does something, rather than tell. */
  readonly isAction: boolean;
}

const words: readonly string[] = ["session", "state", "usage", "repositories", "tree"];
const actions: readonly string[] = ["deletion-plan", "deletions"];

/** The place that the segments name; undefined if there is none. */
export function findApiPlace(segments: readonly string[]): ApiPlace | undefined {
  const [first = "", ...rest] = segments;
  if (rest.length === 0) return words.includes(first) ? { word: first, name: [], isAction: false } : undefined;
  const word = rest.at(-1) ?? "";
  const isAction = actions.includes(word);
  const isKnown = first === "repositories" && (isAction || word === "tags");
  return isKnown && rest.length > 1 ? { word, name: rest.slice(0, -1), isAction } : undefined;
}

/** The route of a place; throws a RegistryError if the name or a query value is wrong. */
export function parseApiRoute({ word, name }: Omit<ApiPlace, "isAction">, query: URLSearchParams): ApiRoute {
  switch (word) {
    case "session":
      return { kind: "apiSession", repository: parseSessionName(query) };
    case "repositories":
      return { kind: "apiRepositories", ...parsePrefixQuery(query), search: parseText(query, "q")?.toLowerCase() };
    case "tree":
      return { kind: "apiTree", ...parseTreeQuery(query) };
    case "tags":
      return { kind: "apiTags", name: requireName(name), ...parseTagQuery(query) };
    case "deletion-plan":
      return { kind: "apiDeletionPlan", name: requireName(name) };
    case "deletions":
      return { kind: "apiDeletion", name: requireName(name) };
    default:
      return { kind: word === "usage" ? "apiUsage" : "apiState" };
  }
}

const usualItems = 50;
const maxItems = 1000;

function parseLimit(query: URLSearchParams): number {
  const { limit = usualItems } = parsePageQuery(query);
  if (limit < 1 || limit > maxItems)
    throw new RegistryError("PAGE_INVALID", { detail: { n: limit, atMost: maxItems } });
  return limit;
}

/** Longer than any name. */
const maxTextLength = 300;

function parseText(query: URLSearchParams, key: string): string | undefined {
  const text = singleValue(query, key);
  if (text === undefined || text.length <= maxTextLength) return text;
  throw new RegistryError("REQUEST_INVALID", { message: `the query parameter ${key} is too long` });
}

function parseSessionName(query: URLSearchParams): RepositoryName | undefined {
  const text = parseText(query, "repository");
  return text === undefined ? undefined : requireName(text.split("/"));
}

function parsePrefixQuery(query: URLSearchParams): PrefixQuery {
  return { limit: parseLimit(query), last: parseText(query, "last"), prefix: parseText(query, "prefix") ?? "" };
}

function parseTreeQuery(query: URLSearchParams): PrefixQuery {
  const parsed = parsePrefixQuery(query);
  if (parsed.prefix === "" || parsed.prefix.endsWith("/")) return parsed;
  throw new RegistryError("REQUEST_INVALID", { message: 'the prefix of a tree is empty or ends in "/"' });
}

function parseTagQuery(query: URLSearchParams): TagQuery {
  const digest = parseText(query, "digest");
  const last = parseText(query, "last");
  const after = last === undefined ? undefined : parseTagPlace(last);
  if (last !== undefined && after === undefined) {
    throw new RegistryError("REQUEST_INVALID", { message: "last is no place in this listing; take it from next" });
  }
  return {
    limit: parseLimit(query),
    after,
    order: parseWord(query, "sort", tagOrders) ?? "name",
    isDescending: parseWord(query, "order", ["asc", "desc"] as const) === "desc",
    filter: parseText(query, "filter"),
    digest: digest === undefined ? undefined : requireDigest(digest),
  };
}

function parseWord<Word extends string>(
  query: URLSearchParams,
  key: string,
  allowed: readonly Word[],
): Word | undefined {
  const text = singleValue(query, key);
  if (text === undefined) return undefined;
  const word = allowed.find((each) => each === text);
  if (word !== undefined) return word;
  throw new RegistryError("REQUEST_INVALID", {
    message: `the query parameter ${key} must be one of ${allowed.join(", ")}`,
  });
}
