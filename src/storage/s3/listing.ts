// Listings of a bucket, page by page, in the byte order of keys.
import { copyText } from "../../lib/copied-text.ts";
import { bareEtag, type ObjectStat } from "./bucket-objects.ts";
import type { S3Client } from "./client.ts";
import { describe } from "./connection.ts";
import { S3Failure } from "./failure.ts";
import { childrenOf, textOf, type XmlElement } from "./xml.ts";

/** An object, as a listing shows it. */
export interface ListedObject {
  readonly key: string;
  readonly stat: ObjectStat;
}

/** A page of a listing. */
export interface ListingPage {
  readonly objects: readonly ListedObject[];
  /** What has a "/" after the prefix, up to there; only if names are asked for. */
  readonly prefixes: readonly string[];
  /** When the store answered, by its own clock. */
  readonly dateMs: number | undefined;
}

/** Which part of a bucket. */
export interface ListingOptions {
  readonly prefix: string;
  /** Only keys after this one. */
  readonly after?: string | undefined;
  /** Whether what has a "/" after the prefix is shown once, and nothing below it. */
  readonly isFlat?: boolean;
  /** How many a page may have; stores give a thousand at most. */
  readonly pageSize?: number | undefined;
}

/** The pages. What was there from the first to the last one is in them. */
export async function* listPages(client: S3Client, options: ListingOptions): AsyncGenerator<ListingPage> {
  const { after, isFlat = true, pageSize } = options;
  const root = client.options.bucket.prefix;
  const prefix = root + options.prefix;
  const start = after === undefined ? undefined : root + after;
  let token: string | undefined;
  for (;;) {
    const position = token === undefined ? { "start-after": start } : { "continuation-token": token };
    const wanted = {
      "list-type": "2",
      prefix,
      delimiter: isFlat ? undefined : "/",
      "max-keys": pageSize?.toString(),
      ...position,
    };
    const request = { method: "GET", key: "", query: definedOnly(wanted) } as const;
    const { head, root: answer } = await client.askXml(request);
    yield { ...pageOf(answer, root.length), dateMs: head.dateMs };
    if (textOf(answer, "IsTruncated") !== "true") return;
    const next = textOf(answer, "NextContinuationToken");
    // Ending here would take what is left for absent.
    if (next === undefined || next === "" || next === token) {
      throw new S3Failure(describe(request), { status: 200, reason: "without the token of the next page" });
    }
    token = next;
  }
}

function definedOnly(query: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** Without what stands before every key. What is taken out of a page is kept for longer than the page. */
function pageOf(answer: XmlElement, rootLength: number): Pick<ListingPage, "objects" | "prefixes"> {
  return {
    objects: childrenOf(answer, "Contents").map((element) => objectOf(element, rootLength)),
    prefixes: childrenOf(answer, "CommonPrefixes").map((element) =>
      copyText((textOf(element, "Prefix") ?? "").slice(rootLength)),
    ),
  };
}

function objectOf(element: XmlElement, rootLength: number): ListedObject {
  const sizeBytes = Number(textOf(element, "Size"));
  const changedMs = Date.parse(textOf(element, "LastModified") ?? "");
  return {
    key: copyText((textOf(element, "Key") ?? "").slice(rootLength)),
    stat: { sizeBytes, changedMs, etag: copyText(bareEtag(textOf(element, "ETag") ?? "")) },
  };
}

/** All objects below the prefix. */
export async function* listObjects(client: S3Client, options: ListingOptions): AsyncGenerator<ListedObject> {
  for await (const page of listPages(client, options)) yield* page.objects;
}
