// The lists: catalog, tags, referrers.
import type { Digest } from "../../oci/digest.ts";
import { RegistryError } from "../../oci/errors.ts";
import { ociImageIndex } from "../../oci/media-type.ts";
import type { RepositoryName } from "../../oci/name.ts";
import { type Exchange, formatLocation } from "../exchange.ts";
import { formatWarning } from "../namespace.ts";
import { formatNextLink, type PageQuery } from "../pagination.ts";
import type { ReferrersFilter } from "../route.ts";

/** distribution's: without `n` a page has 100 repositories, and more than 1000 are refused. */
const catalogPageItems = 100;
const maxCatalogItems = 1000;
/** distribution's `tags.maxtags`: a larger `n` is cut. */
const maxTagItems = 1000;

/** Names of repositories. */
export async function listCatalog(exchange: Exchange, { page }: { readonly page: PageQuery }): Promise<Response> {
  const limit = page.limit ?? catalogPageItems;
  if (limit > maxCatalogItems)
    throw new RegistryError("PAGE_INVALID", { detail: { n: limit, atMost: maxCatalogItems } });
  const { items, hasMore } = await exchange.registry.repositories.list({ limit, after: page.last });
  const headers = nextLink(`${exchange.base}v2/_catalog`, { n: String(limit), last: items.at(-1) }, hasMore);
  return Response.json({ repositories: items }, { headers });
}

/** Tags of a repository; all of them where the client does not ask for pages. */
export async function listTags(
  exchange: Exchange,
  { name, page }: { readonly name: RepositoryName; readonly page: PageQuery },
): Promise<Response> {
  const limit = page.limit === undefined ? Number.POSITIVE_INFINITY : Math.min(page.limit, maxTagItems);
  const { items, hasMore, warning } = await exchange.registry.tags.list(name, { limit, after: page.last });
  const headers = nextLink(
    formatLocation(exchange, name, "tags/list"),
    { n: page.limit === undefined ? undefined : String(limit), last: items.at(-1) },
    hasMore,
  );
  if (warning !== undefined) headers.Warning = formatWarning(warning);
  return Response.json({ name, tags: items }, { headers });
}

/** Manifests that name a subject. */
export async function listReferrers(
  exchange: Exchange,
  route: { readonly name: RepositoryName; readonly digest: Digest; readonly filter: ReferrersFilter },
): Promise<Response> {
  const { name, digest, filter } = route;
  const page = await exchange.registry.referrers.list(name, { subject: digest, ...filter });
  const { items, hasMore, warning } = page;
  const path = formatLocation(exchange, name, `referrers/${digest}`);
  const last = page.last ?? items.at(-1)?.digest;
  const headers = nextLink(path, { artifactType: filter.artifactType, last }, hasMore);
  headers["Content-Type"] = ociImageIndex;
  if (warning !== undefined) headers.Warning = formatWarning(warning);
  if (filter.artifactType !== undefined) headers["OCI-Filters-Applied"] = "artifactType";
  return Response.json({ schemaVersion: 2, mediaType: ociImageIndex, manifests: items }, { headers });
}

/** No link after an empty page: `n=0` asks for none. */
function nextLink(
  path: string,
  query: Readonly<Record<string, string | undefined>>,
  hasMore: boolean,
): Record<string, string> {
  return hasMore && query.last !== undefined ? { Link: formatNextLink(path, query) } : {};
}
