// Answers of the read API: JSON that is not cached, times in RFC 3339, links to the next page.
import { formatNextLink } from "../pagination.ts";

/** The answer; it depends on the caller and the time, so it must not be cached. */
export function answerJson(value: unknown, headers: Readonly<Record<string, string>> = {}): Response {
  return Response.json(value, { headers: { "Cache-Control": "no-store", ...headers } });
}

/** The time in UTC, to the millisecond; null if it is not known, or no date can say it. */
export function formatTime(timeMs: number | undefined): string | null {
  const date = new Date(timeMs ?? Number.NaN);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}

/** A page with its items and the way to the next one: in the body, and in the Link header. */
export function answerPage(
  body: Readonly<Record<string, unknown>>,
  next: { readonly path: string; readonly query: Readonly<Record<string, string | undefined>> } | undefined,
): Response {
  if (next === undefined) return answerJson({ ...body, next: null });
  const link = formatNextLink(next.path, next.query);
  return answerJson({ ...body, next: link.slice(1, link.indexOf(">")) }, { Link: link });
}
