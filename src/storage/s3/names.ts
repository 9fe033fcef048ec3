// Names right below a prefix, from the listings of a bucket. A listing has "a-b/" before "a/", since a slash comes after a
// hyphen and a dot; names are wanted in the order of names, in which "a" comes first.
import type { ListOptions } from "../ports.ts";
import type { S3Client } from "./client.ts";
import { listPages } from "./listing.ts";

/** The names of prefixes right below this one, in byte order. */
export async function listNames(
  client: S3Client,
  prefix: string,
  options: ListOptions = {},
): Promise<readonly string[]> {
  const { after = "", limit = Number.POSITIVE_INFINITY, others } = options;
  const names: string[] = [];
  /** What is listed up to here has every name that comes before those that were found. */
  let horizon = "";
  if (limit <= 0) return [];
  // Objects are told of from the beginning.
  const start = after === "" || others !== undefined ? undefined : `${prefix}/${after}`;
  for await (const page of listPages(client, { prefix: `${prefix}/`, isFlat: false, after: start })) {
    // Some programs mark a prefix by an object of its name, which is nothing to us.
    for (const { key } of page.objects) if (!key.endsWith("/")) others?.(key.slice(prefix.length + 1));
    let last = "";
    for (const found of page.prefixes) {
      const name = found.slice(prefix.length + 1, -1);
      last = `${name}/`;
      if (name <= after) continue;
      names.push(name);
      horizon = later(horizon, shortestBefore(name));
    }
    if (names.length >= limit && last >= horizon) break;
  }
  return names.sort(compareBytes).slice(0, limit);
}

/** The same names as they come. */
export async function* streamNames(client: S3Client, prefix: string): AsyncGenerator<string> {
  for await (const page of listPages(client, { prefix: `${prefix}/`, isFlat: false })) {
    for (const found of page.prefixes) {
      const name = found.slice(prefix.length + 1, -1);
      if (name !== "") yield name;
    }
  }
}

/** Where the shortest name that comes before this one, and is listed after it, would be listed. */
function shortestBefore(name: string): string {
  const end = [...name].findIndex((character) => character < "/");
  return end <= 0 ? "" : `${name.slice(0, end)}/`;
}

function later(one: string, other: string): string {
  return one > other ? one : other;
}

function compareBytes(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
