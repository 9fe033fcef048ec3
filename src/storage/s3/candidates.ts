// Contents that a collection has judged to be garbage, for the next one to take away.
//
// A line of JSON about the run, then for each content a line: its ETag, its size, since when it has been condemned in
// milliseconds since 1970, and its key, with a space between each two.
import { inTurns } from "../../lib/pacer.ts";
import type { BucketObjects } from "./bucket-objects.ts";

/** A content that was judged. */
export interface CondemnedObject {
  readonly key: string;
  /** Of the content that was judged: what has another one came later. */
  readonly etag: string;
  readonly sizeBytes: number;
  /** Milliseconds since 1970, by the store's clock. */
  readonly condemnedMs: number;
}

/** What a run leaves behind. */
export interface RunNotes {
  /** How long it took to read everything. */
  readonly walkMs: number;
  readonly condemned: readonly CondemnedObject[];
}

/** As many as a run condemns; what is left waits for the next one. */
export const maxCondemned = 100_000;
const maxBytes = 64 * 1024 * 1024;

/** What the last run left; nothing where it cannot be read, which delays garbage and keeps everything else. */
export async function readRunNotes(objects: BucketObjects, key: string): Promise<RunNotes> {
  const found = await objects.read(key, maxBytes);
  const [head = "", ...lines] = new TextDecoder().decode(found?.bytes).split("\n");
  const condemned: CondemnedObject[] = [];
  for await (const line of inTurns(lines)) {
    const [, etag, sizeBytes, condemnedMs, name] = /^(\S+) (\d+) (\d+) (.+)$/.exec(line) ?? [];
    if (etag === undefined || name === undefined) continue;
    condemned.push({ etag, sizeBytes: Number(sizeBytes), condemnedMs: Number(condemnedMs), key: name });
  }
  return { walkMs: parseWalk(head), condemned };
}

function parseWalk(head: string): number {
  try {
    const { walkMs } = JSON.parse(head) as { readonly walkMs?: unknown };
    return typeof walkMs === "number" && walkMs >= 0 ? walkMs : 0;
  } catch {
    return 0;
  }
}

/** Leaves what the next run has to know. */
export async function writeRunNotes(
  objects: BucketObjects,
  key: string,
  { walkMs, condemned }: RunNotes,
): Promise<void> {
  const lines = [JSON.stringify({ walkMs })];
  for await (const { etag, sizeBytes, condemnedMs, key: name } of inTurns(condemned))
    lines.push(`${etag} ${sizeBytes} ${Math.floor(condemnedMs)} ${name}`);
  await objects.put(key, new TextEncoder().encode(lines.join("\n")));
}
