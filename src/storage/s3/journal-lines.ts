// The text of a segment of a journal in a bucket: a head, then a line for each record that somebody waits for.
//
//   {"holder":"0c4c2f38-262c-4df0-9ccc-d0966374a257","version":7,"appendedMs":1767323045670}
//   12 3f2a9c01d7e4,77ab01c2d3e4 {"text":"of one line"}
//
// A line begins with its number in the segment and the recipients who still wait for it.

/** What holds for the whole segment. */
export interface SegmentHead {
  /** Which process works on it; empty: none. */
  readonly holder: string;
  /** Another one each time, so that no two texts of a segment are the same. */
  readonly version: number;
  /** When the last record came, in milliseconds since 1970 by the store's clock. */
  readonly appendedMs: number;
}

/** A record of a segment. */
export interface SegmentRecord {
  readonly index: number;
  /** Recipients; records with the same ones share the list. */
  readonly waiting: readonly string[];
  readonly text: string;
}

/** Texts by their number in the segment. */
export type SegmentTexts = ReadonlyMap<number, string>;

const lineForm = /^(\d{1,15}) ([0-9a-f]{12}(?:,[0-9a-f]{12})*) /;

/** As it is put. */
export function formatSegment(head: SegmentHead, records: readonly SegmentRecord[]): Uint8Array<ArrayBuffer> {
  const lines = records.map(({ index, waiting, text }) => `${index} ${waiting.join(",")} ${text}`);
  return new TextEncoder().encode(`${[JSON.stringify(head), ...lines].join("\n")}\n`);
}

/** As it is read; undefined if it is none. */
export function parseSegment(
  bytes: Uint8Array,
): { readonly head: SegmentHead; readonly records: readonly SegmentRecord[] } | undefined {
  const [first = "", ...lines] = new TextDecoder().decode(bytes).split("\n");
  const head = parseHead(first);
  const lists = new Map<string, readonly string[]>();
  return head && { head, records: lines.flatMap((line) => parseLine(line, lists)) };
}

function parseHead(line: string): SegmentHead | undefined {
  try {
    const { holder, version, appendedMs } = JSON.parse(line) as Partial<Record<string, unknown>>;
    if (typeof holder !== "string" || typeof version !== "number" || typeof appendedMs !== "number") return undefined;
    return { holder, version, appendedMs };
  } catch {
    return undefined;
  }
}

function parseLine(line: string, lists: Map<string, readonly string[]>): readonly SegmentRecord[] {
  const [start = "", index = "", recipients = ""] = lineForm.exec(line) ?? [];
  if (start === "") return [];
  const waiting = lists.get(recipients) ?? copyOf(recipients).split(",");
  lists.set(recipients, waiting);
  return [{ index: Number(index), waiting, text: line.slice(start.length) }];
}

/** A part of a text keeps the whole of it in memory, for as long as somebody waits. */
function copyOf(text: string): string {
  return Buffer.from(text).toString();
}
