// The lists: catalog, tags, referrers.
import { RegistryError } from "../../oci/errors.ts";
import { ociImageIndex } from "../../oci/media-type.ts";
import type { RepositoryName } from "../../oci/name.ts";
import type { Exchange } from "../exchange.ts";
import { formatWarning } from "../namespace.ts";
import { formatNextLink } from "../pagination.ts";
import type { RouteOf } from "../route.ts";

/** distribution's default page. */
const catalogPageItems = 100;

/** Repository names; refuses a page larger than the limit, as distribution does. */
export async function listCatalog(exchange: Exchange, { page }: RouteOf<"catalog">): Promise<Response> {
  const { maxCatalogItems } = exchange.pages;
  const limit = page.limit ?? Math.min(catalogPageItems, maxCatalogItems);
  if (limit > maxCatalogItems)
    throw new RegistryError("PAGE_INVALID", { detail: { n: limit, atMost: maxCatalogItems } });
  const { items, hasMore } = await exchange.registry.list({
    limit,
    after: page.last,
    ...(exchange.maySee === undefined ? {} : { isVisible: exchange.maySee }),
  });
  const headers = nextLink(`${exchange.prefix}v2/_catalog`, { n: String(limit), last: items.at(-1) }, hasMore);
  return Response.json({ repositories: items }, { headers });
}

/** Tags of a repository; all of them unless the client asks for pages, which are never larger than the limit. */
export async function listTags(exchange: Exchange, { name, page }: RouteOf<"listTags">): Promise<Response> {
  const limit = page.limit === undefined ? Number.POSITIVE_INFINITY : Math.min(page.limit, exchange.pages.maxTagItems);
  const { items, hasMore, warning } = await exchange.repository(name).tags.list({ limit, after: page.last });
  const headers = nextLink(
    linkPath(exchange, name, "tags/list"),
    { n: page.limit === undefined ? undefined : String(limit), last: items.at(-1) },
    hasMore,
  );
  if (warning !== undefined) headers.Warning = formatWarning(warning);
  return Response.json({ name, tags: items }, { headers });
}

/** Manifests that name a subject. */
export async function listReferrers(exchange: Exchange, route: RouteOf<"listReferrers">): Promise<Response> {
  const { name, digest, filter } = route;
  const page = await exchange.repository(name).referrers.list({ subject: digest, ...filter });
  const { items, hasMore, warning } = page;
  const path = linkPath(exchange, name, `referrers/${digest}`);
  const last = page.last ?? items.at(-1)?.digest;
  const headers = nextLink(path, { artifactType: filter.artifactType, last }, hasMore);
  headers["Content-Type"] = ociImageIndex;
  if (warning !== undefined) headers.Warning = formatWarning(warning);
  if (filter.artifactType !== undefined) headers["OCI-Filters-Applied"] = "artifactType";
  return Response.json({ schemaVersion: 2, mediaType: ociImageIndex, manifests: items }, { headers });
}

/** Always relative, as distribution's are, even if clients use another host name. */
function linkPath({ prefix }: Exchange, name: RepositoryName, rest: string): string {
  return `${prefix}v2/${name}/${rest}`;
}

/** No link after an empty page: `n=0` asks for none. */
function nextLink(
  path: string,
  query: Readonly<Record<string, string | undefined>>,
  hasMore: boolean,
): Record<string, string> {
  return hasMore && query.last !== undefined ? { Link: formatNextLink(path, query) } : {};
}
