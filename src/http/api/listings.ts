// GET repositories, tree, and the tags of a repository.
import { compileTextMatch } from "../../lib/text-match.ts";
import type { RepositoryFacts } from "../../registry/reading/repository-facts.ts";
import type { TagFacts } from "../../registry/reading/tag-listing.ts";
import type { Exchange } from "../exchange.ts";
import type { RouteOf } from "../route.ts";
import { allowedActions } from "./allowed-actions.ts";
import { answerPage, formatTime } from "./answers.ts";
import { apiPrefix } from "./api-route.ts";
import { formatTagPlace } from "./tag-place.ts";

/** Repositories in the order of the catalog, those that the caller may see. */
export async function getRepositories(exchange: Exchange, route: RouteOf<"apiRepositories">): Promise<Response> {
  const { limit, last, prefix, search } = route;
  const page = await exchange.api.reading.repositories({
    limit,
    after: last,
    prefix,
    matches: search === undefined ? undefined : compileTextMatch(search),
    isVisible: exchange.maySee,
    signal: exchange.request.signal,
  });
  const query = { n: String(limit), last: page.items.at(-1)?.name, q: search, prefix: prefix || undefined };
  const next = page.hasMore ? { path: pathOf(exchange, "repositories"), query } : undefined;
  return answerPage({ repositories: page.items.map((facts) => formatRepository(exchange, facts)) }, next);
}

/** What follows a prefix of names, one component deep. */
export async function getTree(exchange: Exchange, route: RouteOf<"apiTree">): Promise<Response> {
  const { limit, last, prefix } = route;
  const { reading } = exchange.api;
  const { signal } = exchange.request;
  const page = await reading.components({ limit, after: last, prefix, isVisible: exchange.maySee, signal });
  const components = page.items.map(({ component, name, repository, hasChildren }) => ({
    component,
    name,
    isRepository: repository !== undefined,
    hasChildren,
    repository: repository === undefined ? null : formatRepository(exchange, repository),
  }));
  const query = { n: String(limit), last: page.items.at(-1)?.component, prefix: prefix || undefined };
  return answerPage({ prefix, components }, page.hasMore ? { path: pathOf(exchange, "tree"), query } : undefined);
}

/** Tags with their images. */
export async function getTags(exchange: Exchange, route: RouteOf<"apiTags">): Promise<Response> {
  const { name, limit, order, isDescending, filter, digest } = route;
  const page = await exchange.api.reading.tags(name, {
    ...{ limit, order, isDescending, digest, after: route.after },
    question: JSON.stringify([limit, order, isDescending, digest, filter, route.after]),
    matches: filter === undefined ? undefined : compileTextMatch(filter),
    signal: exchange.request.signal,
  });
  const { total, matching, upstream, problems } = page;
  const actions = allowedActions(exchange, name);
  const body = { name, upstream: upstream ?? null, actions, total, matching, problems };
  const query = {
    n: String(limit),
    last: page.next === undefined ? undefined : formatTagPlace(page.next),
    sort: order,
    order: isDescending ? "desc" : "asc",
    filter,
    digest,
  };
  const next = page.next === undefined ? undefined : { path: pathOf(exchange, `repositories/${name}/tags`), query };
  return answerPage({ ...body, tags: page.items.map(formatTag) }, next);
}

/** Always relative: clients may know the server by another name. */
function pathOf({ prefix }: Exchange, rest: string): string {
  return `${prefix}${apiPrefix}${rest}`;
}

function formatRepository(exchange: Exchange, facts: RepositoryFacts) {
  const { name, tags, sizeBytes, pushedMs, upstream, problem } = facts;
  return {
    name,
    tags,
    sizeBytes,
    pushed: formatTime(pushedMs),
    upstream: upstream ?? null,
    actions: allowedActions(exchange, name),
    problem: problem ?? null,
  };
}

function formatTag({ tag, digest, image, platforms, pushedMs, pulledMs, ...facts }: TagFacts) {
  const { aliases, aliasCount, isImmutable, problem } = facts;
  return {
    tag,
    digest,
    mediaType: image?.facts.mediaType ?? null,
    artifactType: image?.facts.artifactType ?? null,
    sizeBytes: image?.sizeBytes ?? null,
    platforms,
    pushed: formatTime(pushedMs),
    pulled: formatTime(pulledMs),
    aliases,
    aliasCount,
    isImmutable,
    problem: problem ?? null,
  };
}
