// Listings of a bucket, page by page, in the byte order of keys.
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
  const { prefix, after, isFlat = true, pageSize } = options;
  let token: string | undefined;
  for (;;) {
    const position = token === undefined ? { "start-after": after } : { "continuation-token": token };
    const wanted = {
      "list-type": "2",
      prefix,
      delimiter: isFlat ? undefined : "/",
      "max-keys": pageSize?.toString(),
      ...position,
    };
    const request = { method: "GET", key: "", query: definedOnly(wanted) } as const;
    const { head, root } = await client.askXml(request);
    yield { ...pageOf(root), dateMs: head.dateMs };
    if (textOf(root, "IsTruncated") !== "true") return;
    const next = textOf(root, "NextContinuationToken");
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

function pageOf(root: XmlElement): Pick<ListingPage, "objects" | "prefixes"> {
  return {
    objects: childrenOf(root, "Contents").map(objectOf),
    prefixes: childrenOf(root, "CommonPrefixes").map((element) => textOf(element, "Prefix") ?? ""),
  };
}

function objectOf(element: XmlElement): ListedObject {
  const sizeBytes = Number(textOf(element, "Size"));
  const changedMs = Date.parse(textOf(element, "LastModified") ?? "");
  return {
    key: textOf(element, "Key") ?? "",
    stat: { sizeBytes, changedMs, etag: bareEtag(textOf(element, "ETag") ?? "") },
  };
}

/** All objects below the prefix. */
export async function* listObjects(client: S3Client, options: ListingOptions): AsyncGenerator<ListedObject> {
  for await (const page of listPages(client, options)) yield* page.objects;
}
