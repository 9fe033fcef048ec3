// The grammar of Range and Content-Range (RFC 9110, section 14; OCI distribution-spec, "Pushing a blob in chunks").

/** Bytes from `start` up to, but excluding, `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * With more ranges, everything is served. Clients that fetch the missing chunks of a layer ask for up to a thousand at
 * once; each costs a part header and a read (RFC 9110, section 14.2).
 */
const maxRanges = 1024;

/**
 * The ranges of a Range header, in its order; overlapping ones are merged, and empty ones are dropped. Undefined: serve
 * everything, as RFC 9110 allows for other units and malformed headers. "unsatisfiable": each begins after the end, or
 * ends before it begins (the conformance suite wants 416 there).
 */
export function parseRanges(
  header: string | null,
  sizeBytes: number,
): readonly ByteRange[] | "unsatisfiable" | undefined {
  const list = /^bytes=(.*)$/i.exec(header ?? "")?.[1] ?? "";
  const specs = list.split(",").filter((spec) => !/^[ \t]*$/.test(spec));
  if (specs.length === 0 || specs.length > maxRanges) return undefined;
  const ranges = specs.map((spec) => parseSpec(spec, sizeBytes));
  if (ranges.includes(undefined)) return undefined;
  const satisfiable = ranges.filter((range) => typeof range === "object");
  return satisfiable.length === 0 ? "unsatisfiable" : mergeOverlapping(satisfiable);
}

function parseSpec(spec: string, sizeBytes: number): ByteRange | "unsatisfiable" | undefined {
  const match = /^[ \t]*(\d*)-(\d*)[ \t]*$/.exec(spec);
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

/** No byte is served twice; a merged range takes the place of its first part. */
function mergeOverlapping(ranges: readonly ByteRange[]): readonly ByteRange[] {
  const merged: { start: number; end: number; place: number }[] = [];
  const sorted = ranges.map((range, place) => ({ ...range, place })).sort((one, other) => one.start - other.start);
  for (const range of sorted) {
    const last = merged.at(-1);
    if (last === undefined || range.start >= last.end) merged.push(range);
    else {
      last.end = Math.max(last.end, range.end);
      last.place = Math.min(last.place, range.place);
    }
  }
  return merged.sort((one, other) => one.place - other.place).map(({ start, end }) => ({ start, end }));
}

/** The Content-Range of a partial answer. */
export function formatContentRange({ start, end }: ByteRange, sizeBytes: number): string {
  return `bytes ${start}-${end - 1}/${sizeBytes}`;
}

/**
 * The chunk that the Content-Range of an upload declares; undefined if it is malformed. The spec has bare numbers;
 * RFC 9110 has a unit before and the size after them, which some libraries add.
 */
export function parseChunkRange(header: string): { readonly start: number; readonly lengthBytes: number } | undefined {
  const match = /^(?:bytes[ =])?(\d{1,15})-(\d{1,15})(?:\/(\*|\d{1,15}))?$/i.exec(header);
  if (match === null) return undefined;
  // The size is not a number if it is not given: then nothing lies behind the end.
  const [start, last, sizeBytes] = [Number(match[1]), Number(match[2]), Number(match[3])];
  return last < start || last >= sizeBytes ? undefined : { start, lengthBytes: last - start + 1 };
}

/** The Range of an upload's state. It is inclusive; an empty upload is therefore "0-0", never "0--1". */
export function formatUploadRange(sizeBytes: number): string {
  return `0-${Math.max(0, sizeBytes - 1)}`;
}
