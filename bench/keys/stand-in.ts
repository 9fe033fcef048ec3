// bun bench/keys/stand-in.ts REPOSITORIES IMAGES ORPHANS: a stand-in for an object store with millions of keys. What nobody has
// changed is told by stocked-bucket.ts; what is put and deleted is kept by the store of the tests. It says where it listens,
// and each second how many requests of each kind it has answered.
import { escapeXml } from "../../src/storage/s3/xml.ts";
import { Engine } from "../../tests/storage/s3/engine.ts";
import { answerXml, bucketName } from "../../tests/storage/s3/engine-request.ts";
import { StockedBucket, type StockedObject } from "./stocked-bucket.ts";

const [repositories = 0, imagesOfRepository = 0, orphans = 0] = process.argv.slice(2).map(Number);
const stocked = new StockedBucket({ repositories, imagesOfRepository, orphans });
const engine = new Engine();
const deleted = new Set<string>();
const counts = { LIST: 0, GET: 0, HEAD: 0, PUT: 0, DELETE: 0, POST: 0 };
/** When everything was pushed: long ago. */
const pushed = new Date(Date.now() - 30 * 24 * 3_600_000);
let written: readonly string[] | undefined;

const server = Bun.serve({ hostname: "127.0.0.1", port: 0, idleTimeout: 0, fetch: answer });
const say = (what: object) => process.stdout.write(`${JSON.stringify(what)}\n`);
say({ port: server.port, keys: stocked.count(), rss: process.memoryUsage.rss() });
setInterval(() => say({ counts }), 1000);

async function answer(request: Request): Promise<Response> {
  const url = new URL(request.url);
  const key = decodeURIComponent(url.pathname.slice(`/${bucketName}/`.length));
  const method = request.method as keyof typeof counts;
  if (key === "" && method === "GET") {
    counts.LIST += 1;
    return dated(list(url.searchParams));
  }
  counts[method] += 1;
  const found = method === "GET" || method === "HEAD" ? unchanged(key) : undefined;
  if (found !== undefined) return dated(describe(found, method));
  return await pass(request, { url, key });
}

/** What is there from the beginning. */
function unchanged(key: string): StockedObject | undefined {
  const found = stocked.stat(key);
  return found !== undefined && isUnchanged(found) ? found : undefined;
}

function describe(found: StockedObject, method: string): Response {
  const headers = { etag: `"${found.etag}"`, "last-modified": pushed.toUTCString() };
  if (method === "HEAD")
    return new Response(null, { headers: { ...headers, "content-length": String(found.sizeBytes) } });
  return new Response(stocked.text(found), { headers });
}

function dated(response: Response): Response {
  response.headers.set("date", new Date().toUTCString());
  return response;
}

/** To the store of the tests, which keeps what changes. */
async function pass(request: Request, { url, key }: { readonly url: URL; readonly key: string }): Promise<Response> {
  engine.nowMs = Date.now();
  const { method } = request;
  const body = new Uint8Array(await request.arrayBuffer());
  const sent = method === "PUT" || method === "POST" ? { body } : {};
  const headers = Object.fromEntries(request.headers);
  const response = await engine.send(`http://store.test${url.pathname}${url.search}`, { method, headers, ...sent });
  engine.requests.length = 0;
  if (method === "GET" || method === "HEAD") return response;
  written = undefined;
  if (!response.ok) return response;
  if (method === "DELETE") deleted.add(key);
  if (method === "POST" && url.searchParams.has("delete")) {
    for (const [, each = ""] of new TextDecoder().decode(body).matchAll(/<Key>([^<]*)<\/Key>/g)) deleted.add(each);
  }
  return response;
}

function list(query: URLSearchParams): Response {
  const prefix = query.get("prefix") ?? "";
  const after = query.get("continuation-token") ?? query.get("start-after") ?? "";
  const limit = Math.min(Number(query.get("max-keys") ?? 1000), 1000);
  const isShort = query.has("delimiter");
  const entries: string[] = [];
  let [last, isMore] = [after, false];
  let listed = from(after > prefix ? (after.endsWith("/") ? pastAll(after) : `${after}\0`) : prefix);
  for (let next = listed.next(); next.done !== true; next = listed.next()) {
    const { key, entry } = next.value;
    if (!key.startsWith(prefix)) break;
    isMore = entries.length === limit;
    if (isMore) break;
    const end = isShort ? key.indexOf("/", prefix.length) : -1;
    last = end === -1 ? key : key.slice(0, end + 1);
    entries.push(end === -1 ? entry() : `<CommonPrefixes><Prefix>${escapeXml(last)}</Prefix></CommonPrefixes>`);
    if (end !== -1) listed = from(pastAll(last));
  }
  const more = isMore ? `<NextContinuationToken>${escapeXml(last)}</NextContinuationToken>` : "";
  return answerXml(
    `<ListBucketResult><IsTruncated>${isMore}</IsTruncated>${more}${entries.join("")}</ListBucketResult>`,
  );
}

/** What comes after everything below a prefix. */
function pastAll(prefix: string): string {
  return `${prefix.slice(0, -1)}0`;
}

interface ListedEntry {
  readonly key: string;
  readonly entry: () => string;
}

/** Everything from there on, in order: what was there from the beginning and is still, and what was put. */
function* from(start: string): Generator<ListedEntry> {
  written ??= engine.keys();
  const put = written.filter((key) => key >= start);
  let index = 0;
  for (const old of stocked.from(start)) {
    for (let key = put[index]; key !== undefined && key < old.key; key = put[index]) {
      yield describePut(key);
      index += 1;
    }
    if (isUnchanged(old)) yield { key: old.key, entry: () => entryOf(old, pushed.toISOString()) };
  }
  for (const key of put.slice(index)) yield describePut(key);
}

function isUnchanged({ key }: StockedObject): boolean {
  return !deleted.has(key) && engine.objects.get(key) === undefined;
}

function describePut(key: string): ListedEntry {
  const put = engine.objects.get(key);
  const time = new Date(put?.changedMs ?? 0).toISOString();
  return { key, entry: () => entryOf({ key, etag: put?.etag ?? "", sizeBytes: put?.bytes.length ?? 0 }, time) };
}

function entryOf({ key, etag, sizeBytes }: StockedObject, time: string): string {
  return `<Contents><Key>${escapeXml(key)}</Key><LastModified>${time}</LastModified><ETag>&quot;${etag}&quot;</ETag><Size>${sizeBytes}</Size></Contents>`;
}
