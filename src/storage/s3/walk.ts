// Everything below a prefix, as fast as the store lists it: cut into ranges that are listed at once.
import type { S3Client } from "./client.ts";
import { type ListedObject, listPages } from "./listing.ts";

/** A range of keys: after one of them, up to and without another. */
export interface KeyRange {
  readonly after: string | undefined;
  readonly end: string | undefined;
}

/** What names begin with, in the order of listings. */
const firstCharacters = [..."0123456789abcdefghijklmnopqrstuvwxyz"];
const ranges = 16;

/** The ranges that a prefix is cut into, by what comes right after it. Together they are all of it. */
export function planKeyRanges(prefix: string): readonly KeyRange[] {
  const cuts = Array.from({ length: ranges - 1 }, (_, index) => {
    return `${prefix}${firstCharacters[Math.floor(((index + 1) * firstCharacters.length) / ranges)] ?? ""}`;
  });
  return [undefined, ...cuts].map((after, index) => ({ after, end: cuts[index] }));
}

/**
 * Visits every object below the prefix, page by page and in no order; each that was there from the beginning to the end
 * is visited. A page that cannot be listed ends the walk with its failure.
 */
export async function walkObjects(
  client: S3Client,
  prefix: string,
  visit: (objects: readonly ListedObject[]) => void | Promise<void>,
): Promise<void> {
  const walkRange = async ({ after, end }: KeyRange) => {
    for await (const { objects } of listPages(client, { prefix, after })) {
      const past = end === undefined ? -1 : objects.findIndex(({ key }) => key > end);
      // A cut belongs to what comes before it: listings begin after a key.
      await visit(past === -1 ? objects : objects.slice(0, past));
      if (past !== -1) return;
    }
  };
  await Promise.all(planKeyRanges(prefix).map(walkRange));
}
