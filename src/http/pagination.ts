// Pages of listings: the query values `n` and `last`, and the Link header to the next page (RFC 5988).
import { RegistryError } from "../oci/errors.ts";

/** What a client asks of a listing. */
export interface PageQuery {
  /** How many items; undefined if the client does not say. */
  readonly limit: number | undefined;
  /** The last item of the page before. */
  readonly last: string | undefined;
}

/** Reads `n` and `last`; refuses what is not a number, and repeated parameters. */
export function parsePageQuery(query: URLSearchParams): PageQuery {
  return { limit: parseLimit(query), last: singleValue(query, "last") };
}

function parseLimit(query: URLSearchParams): number | undefined {
  const text = singleValue(query, "n");
  if (text === undefined) return undefined;
  const limit = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(limit)) throw new RegistryError("PAGE_INVALID", { detail: { n: text.slice(0, 100) } });
  return limit;
}

/** The value of a query parameter that may occur once; undefined if it is absent or empty. */
export function singleValue(query: URLSearchParams, key: string): string | undefined {
  const values = query.getAll(key);
  if (values.length > 1) {
    throw new RegistryError("REQUEST_INVALID", { message: `the query parameter ${key} is repeated` });
  }
  return values[0] === "" ? undefined : values[0];
}

/** The Link header that leads to the page after `last`. */
export function formatNextLink(path: string, query: Readonly<Record<string, string | undefined>>): string {
  const values = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value !== undefined) values.set(key, value);
  return `<${path}?${values}>; rel="next"`;
}
