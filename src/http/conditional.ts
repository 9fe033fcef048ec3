// Conditional requests (RFC 9110, section 13). The entity tag of content is its digest.

/** The ETag of content with this digest. */
export function formatEntityTag(digest: string): string {
  return `"${digest}"`;
}

/** Whether an If-None-Match header names the entity tag, so that 304 is the answer. Comparison is weak. */
export function matchesNone(header: string | null, entityTag: string): boolean {
  if (header === null) return false;
  if (header.trim() === "*") return true;
  return header.split(",").some((candidate) => candidate.trim().replace(/^W\//, "") === entityTag);
}

/** Whether If-Range lets a Range header count: a strong tag must match; a date never does, since we send none. */
export function allowsRange(ifRange: string | null, entityTag: string): boolean {
  return ifRange === null || ifRange.trim() === entityTag;
}
