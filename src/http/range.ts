// The grammar of Range and Content-Range (RFC 9110, section 14; OCI distribution-spec, "Pushing a blob in chunks").

/** Bytes from `start` up to, but without, `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * The one range that a Range header asks for. Undefined: serve everything, as RFC 9110 allows for several ranges,
 * other units and malformed headers. "unsatisfiable": it begins behind the end, or ends before it begins (the
 * conformance suite wants 416 there).
 */
export function parseRange(header: string | null, sizeBytes: number): ByteRange | "unsatisfiable" | undefined {
  const match = header === null ? null : /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(header);
  if (match === null) return undefined;
  const [first, last] = [match[1] ?? "", match[2] ?? ""];
  if (first === "") {
    if (last === "") return undefined;
    const suffixBytes = Number(last);
    return suffixBytes === 0 || sizeBytes === 0
      ? "unsatisfiable"
      : { start: Math.max(sizeBytes - suffixBytes, 0), end: sizeBytes };
  }
  const start = Number(first);
  const end = last === "" ? sizeBytes : Math.min(Number(last) + 1, sizeBytes);
  return start >= end ? "unsatisfiable" : { start, end };
}

/** The Content-Range of an answer with a part. */
export function formatContentRange({ start, end }: ByteRange, sizeBytes: number): string {
  return `bytes ${start}-${end - 1}/${sizeBytes}`;
}

/**
 * The chunk that a Content-Range of an upload announces; undefined where it is malformed. The spec has bare numbers, RFC
 * 9110 a unit before and the size behind, which typed headers of libraries add.
 */
export function parseChunkRange(header: string): { readonly start: number; readonly lengthBytes: number } | undefined {
  const match = /^(?:bytes[ =])?(\d{1,15})-(\d{1,15})(?:\/(\*|\d{1,15}))?$/i.exec(header);
  if (match === null) return undefined;
  const [start, last] = [Number(match[1]), Number(match[2])];
  const sizeBytes = match[3] === undefined || match[3] === "*" ? Number.POSITIVE_INFINITY : Number(match[3]);
  return last < start || last >= sizeBytes ? undefined : { start, lengthBytes: last - start + 1 };
}

/** The Range of an upload's state. It is inclusive; an empty upload is therefore "0-0", never "0--1". */
export function formatUploadRange(sizeBytes: number): string {
  return `0-${Math.max(0, sizeBytes - 1)}`;
}
