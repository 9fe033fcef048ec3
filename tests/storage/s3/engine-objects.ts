// The objects of the store of the tests.
import { escapeXml } from "../../../src/storage/s3/xml.ts";
import { answerError, answerXml, type EngineRequest } from "./engine-request.ts";

interface StoredObject {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly etag: string;
  readonly changedMs: number;
}

export class EngineObjects {
  readonly #stored = new Map<string, StoredObject>();
  readonly #now: () => number;
  readonly #options: {
    readonly pageSize?: number;
    readonly isConditional?: boolean;
    readonly isQuoteWanted?: boolean;
    readonly isCopyConditional?: boolean;
  };

  constructor(now: () => number, options: EngineObjects["options"]) {
    this.#now = now;
    this.#options = options;
  }

  get options(): {
    readonly pageSize?: number;
    readonly isConditional?: boolean;
    readonly isQuoteWanted?: boolean;
    readonly isCopyConditional?: boolean;
  } {
    return this.#options;
  }

  get(key: string): StoredObject | undefined {
    return this.#stored.get(key);
  }

  set(key: string, bytes: Uint8Array, etag = md5(bytes)): StoredObject {
    const stored = { bytes: Uint8Array.from(bytes), etag, changedMs: this.#now() };
    this.#stored.set(key, stored);
    return stored;
  }

  remove(key: string): void {
    this.#stored.delete(key);
  }

  keys(): readonly string[] {
    return [...this.#stored.keys()].sort();
  }

  answer(request: EngineRequest): Response {
    const { method, key, query } = request;
    if (key === "") return method === "POST" && query.has("delete") ? this.#deleteMany(request) : this.#list(query);
    switch (method) {
      case "GET":
      case "HEAD":
        return this.#get(request);
      case "PUT":
        return request.headers.has("x-amz-copy-source") ? this.#copy(request) : this.#put(request);
      case "DELETE":
        this.#stored.delete(key);
        return new Response(null, { status: 204 });
      default:
        return answerError(405, "MethodNotAllowed");
    }
  }

  #get({ method, key, headers }: EngineRequest): Response {
    const found = this.#stored.get(key);
    if (found === undefined)
      return method === "HEAD" ? new Response(null, { status: 404 }) : answerError(404, "NoSuchKey");
    const wanted = headers.get("if-match");
    if (wanted !== null && wanted.replaceAll('"', "") !== found.etag) return answerError(412, "PreconditionFailed");
    const told = { etag: `"${found.etag}"`, "last-modified": new Date(found.changedMs).toUTCString() };
    if (method === "HEAD")
      return new Response(null, { headers: { ...told, "content-length": String(found.bytes.length) } });
    const range = /^bytes=(\d+)-(\d+)$/.exec(headers.get("range") ?? "");
    if (range === null) return new Response(found.bytes, { headers: told });
    const [start, end] = [Number(range[1]), Math.min(Number(range[2]) + 1, found.bytes.length)];
    if (start >= found.bytes.length) return answerError(416, "InvalidRange");
    return new Response(found.bytes.slice(start, end), { status: 206, headers: told });
  }

  #put({ key, headers, body }: EngineRequest): Response {
    if (!this.#isAsExpected(key, headers)) return answerError(412, "PreconditionFailed");
    return new Response(null, { headers: { etag: `"${this.set(key, body).etag}"` } });
  }

  #isAsExpected(key: string, headers: Headers): boolean {
    if (this.#options.isConditional === false) return true;
    const found = this.#stored.get(key);
    const [match, noneMatch] = [headers.get("if-match"), headers.get("if-none-match")];
    if (noneMatch === "*" && found !== undefined) return false;
    if (match === null) return true;
    return match === (this.#options.isQuoteWanted === true ? `"${found?.etag}"` : found?.etag);
  }

  #copy({ key, headers }: EngineRequest): Response {
    const source = this.sourceOf(headers);
    if (source === undefined) return answerError(404, "NoSuchKey");
    const wanted = headers.get("x-amz-copy-source-if-match");
    if (this.#options.isCopyConditional !== false && wanted !== null && wanted !== source.etag)
      return answerError(412, "PreconditionFailed");
    return answerXml(`<CopyObjectResult><ETag>"${this.set(key, source.bytes).etag}"</ETag></CopyObjectResult>`);
  }

  sourceOf(headers: Headers): StoredObject | undefined {
    return this.#stored.get(decodeURIComponent((headers.get("x-amz-copy-source") ?? "").replace(/^\/[^/]+\//, "")));
  }

  #deleteMany({ body, headers }: EngineRequest): Response {
    if (headers.get("content-md5") !== new Bun.CryptoHasher("md5").update(body).digest("base64"))
      return answerError(400, "BadDigest");
    for (const [, key = ""] of new TextDecoder().decode(body).matchAll(/<Key>([^<]*)<\/Key>/g)) {
      this.#stored.delete(unescapeXml(key));
    }
    return answerXml("<DeleteResult></DeleteResult>");
  }

  #list(query: URLSearchParams): Response {
    const prefix = query.get("prefix") ?? "";
    const after = query.get("continuation-token") ?? query.get("start-after") ?? "";
    const limit = Math.min(Number(query.get("max-keys") ?? 1000), this.#options.pageSize ?? 1000);
    const names = this.keys().filter((key) => key.startsWith(prefix));
    const shown = query.has("delimiter") ? [...new Set(names.map((key) => shorten(key, prefix)))] : names;
    const left = shown.filter((name) => name > after && !(name.endsWith("/") && after.startsWith(name)));
    const page = left.slice(0, limit);
    const more =
      left.length > limit ? `<NextContinuationToken>${escapeXml(page.at(-1) ?? "")}</NextContinuationToken>` : "";
    const entries = page.map((name) => this.#entry(name)).join("");
    return answerXml(
      `<ListBucketResult><IsTruncated>${left.length > limit}</IsTruncated>${more}${entries}</ListBucketResult>`,
    );
  }

  #entry(name: string): string {
    const found = this.#stored.get(name);
    if (found === undefined) return `<CommonPrefixes><Prefix>${escapeXml(name)}</Prefix></CommonPrefixes>`;
    const time = new Date(found.changedMs).toISOString();
    return `<Contents><Key>${escapeXml(name)}</Key><LastModified>${time}</LastModified><ETag>&quot;${found.etag}&quot;</ETag><Size>${found.bytes.length}</Size></Contents>`;
  }
}

const characters: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function unescapeXml(text: string): string {
  return text.replace(/&(\w+);/g, (_, name: string) => characters[name] ?? "");
}

function shorten(key: string, prefix: string): string {
  const end = key.indexOf("/", prefix.length);
  return end === -1 ? key : key.slice(0, end + 1);
}

export function md5(bytes: Uint8Array): string {
  return new Bun.CryptoHasher("md5").update(bytes).digest("hex");
}
