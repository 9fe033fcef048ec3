// Requests that no honest client sends, with what answers them. Each stands for a way in which a registry, or a library
// under it, was once confused.

/**
 * `"404 NAME_INVALID"`: our answer, with the code of its OCI error. `"200"`: answered, as the oddity means nothing.
 * `"bun 400"`: Bun's parser answers by itself, without a body. `"bun closes"`: it ends the connection without an answer.
 */
export type Outcome = string;

/** What is sent on a connection of its own: the bytes of a request, and the outcome. */
export interface BadRequest {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly want: Outcome;
}

/** What the registry has when the requests come. */
export interface Target {
  /** A repository with a tag `v1`. */
  readonly name: string;
  /** A blob of it, of `blobBytes` bytes. */
  readonly blob: string;
  readonly blobBytes: number;
  /** The path of an open upload session of it, without a byte. */
  readonly session: string;
}

const hex = "a".repeat(64);
const long = (count: number, text = "a") => text.repeat(count);

/** Outcome, method and target, header fields; a body stands behind an empty field. */
export type Row = readonly [want: Outcome, start: string, ...fields: readonly string[]];

/** A request without a body: `start` is method and target. */
export function plain([want, start, ...fields]: Row): BadRequest {
  const hasHost = fields.some((field) => /^host\s*:/i.test(field));
  const head = [`${start} HTTP/1.1`, ...(hasHost ? [] : ["Host: localhost"]), "Connection: close", ...fields];
  return { name: `${start.slice(0, 90)} ${fields.join(" | ").slice(0, 90)}`, bytes: latin1(head), want };
}

/** A request exactly as it is written, for what is wrong with its first line or its Host. */
function raw(want: Outcome, ...lines: readonly string[]): BadRequest {
  return { name: JSON.stringify(lines.join(" | ").slice(0, 120)), bytes: latin1(lines), want };
}

function latin1(lines: readonly string[]): Uint8Array {
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
}

/** Paths. Bun folds "..", "%2e%2e" and "\" away before anybody sees them; everything else arrives as it was sent. */
export function badPaths({ name, blob }: Target): readonly BadRequest[] {
  const rows: Row[] = [
    ["404 UNSUPPORTED", "GET /nowhere"],
    ["404 UNSUPPORTED", "GET /v1/"],
    ["404 UNSUPPORTED", "GET /v2/../../etc/passwd"],
    ["404 UNSUPPORTED", "GET /v2/%2e%2e/%2e%2e/etc/passwd"],
    ["404 UNSUPPORTED", "GET /v2\\..\\..\\etc\\passwd"],
    ["404 UNSUPPORTED", "GET /%2F%2F..%2Fetc%2Fpasswd"],
    ["301", "GET //v2/"],
    ["301", "GET /v2//"],
    ["404 UNSUPPORTED", `GET /v2/${name}`],
    ["301", `GET /v2/${name}/tags/list/`],
    ["301", "GET /v2/_catalog/"],
    ["404 UNSUPPORTED", `GET /v2/${name}/_layers/sha256/${hex}/link`],
    ["404 UNSUPPORTED", `GET /v2/${name}/_uploads/`],
    ["404 UNSUPPORTED", "GET /docker/registry/v2/repositories/"],
    ["404 UNSUPPORTED", "GET /tls/ca.key"],
    ["404 UNSUPPORTED", "GET /ca.key"],
    ["200", "GET /v2/%5Fcatalog"],
    ["400 NAME_INVALID", "GET /v2/tags/list"],
    ["301", "GET /v2//tags/list"],
    ["400 NAME_INVALID", "GET /v2/manifests/v1"],
    ["301", `GET /v2/${name}//manifests/v1`],
    ["400 NAME_INVALID", `GET /v2/${name}/_manifests/tags/list`],
    ["400 NAME_INVALID", "GET /v2/..%2F..%2Fetc/tags/list"],
    ["400 NAME_INVALID", "GET /v2/%2E%2E%2Fetc/tags/list"],
    ["404 NAME_UNKNOWN", "GET /v2/a%2Fb/tags/list"],
    ["400 NAME_INVALID", "GET /v2/a%252Fb/tags/list"],
    ["400 NAME_INVALID", "GET /v2/%252e%252e/tags/list"],
    ["400 NAME_INVALID", "GET /v2/a%00/tags/list"],
    ["400 NAME_INVALID", "GET /v2/A/tags/list"],
    ["400 NAME_INVALID", "GET /v2/a./tags/list"],
    ["400 NAME_INVALID", "GET /v2/-a/tags/list"],
    ["400 NAME_INVALID", "GET /v2/a___b/tags/list"],
    ["400 NAME_INVALID", "GET /v2/a:5000/b/tags/list"],
    ["400 UNSUPPORTED", "GET /v2/%zz/tags/list"],
    ["400 NAME_INVALID", "GET /v2/\xc3\xa9/tags/list"],
    ["400 NAME_INVALID", "GET /v2/a;b/tags/list"],
    ["400 NAME_INVALID", `GET /v2/${long(256)}/tags/list`],
    ["400 NAME_INVALID", `GET /v2/${long(7000, "a/")}a/tags/list`],
    ["404 NAME_UNKNOWN", `GET /v2/${long(127, "a/")}a/tags/list`],
    ["404 NAME_UNKNOWN", "GET /v2/constructor/prototype/tags/list"],
    ["400 UNSUPPORTED", `GET /v2/${name}/manifests/%zz`],
    ["400 UNSUPPORTED", `GET /v2/${name}/manifests/%ff`],
    ["404 MANIFEST_UNKNOWN", `GET /v2/${name}/manifests/`],
    ["404 MANIFEST_UNKNOWN", `GET /v2/${name}/manifests/%00`],
    ["404 UNSUPPORTED", `GET /v2/${name}/manifests/..%2F..%2Fv1`],
    ["404 MANIFEST_UNKNOWN", `GET /v2/${name}/manifests/v1%0A`],
    ["404 MANIFEST_UNKNOWN", `GET /v2/${name}/manifests/v1;x`],
    ["404 MANIFEST_UNKNOWN", `GET /v2/${name}/manifests/${long(129)}`],
    ["404 MANIFEST_UNKNOWN", `GET /v2/${name}/manifests/v1%20`],
    ["200", `GET /v2/${name}/manifests/v1#fragment`],
    ["200", `GET /v2/x/../${name}/manifests/v1`],
    ["404 UNSUPPORTED", `GET /v2/${name}/blobs/uploads/..%2F..%2F..`],
    ["404 BLOB_UPLOAD_UNKNOWN", `GET /v2/${name}/blobs/uploads/${long(5000)}`],
    ["404 BLOB_UPLOAD_UNKNOWN", `DELETE /v2/${name}/blobs/uploads/00000000-0000-0000-0000-000000000000%00`],
    ["301", `GET /v2/${name}/blobs/${blob}/`],
    ["404 UNSUPPORTED", `GET /${long(15_000)}`],
    ["404 UNSUPPORTED", `GET /${long(20_000)}`],
    ["bun 431", `GET /${long(70_000)}`],
  ];
  return [
    ...rows.map(plain),
    raw("200", "GET http://other.example/v2/ HTTP/1.1", "Host: localhost", "Connection: close"),
    raw("bun 400", "OPTIONS * HTTP/1.1", "Host: localhost", "Connection: close"),
    raw("bun 400", "GET v2/ HTTP/1.1", "Host: localhost", "Connection: close"),
    raw("bun 505", "GET /v2/ a HTTP/1.1", "Host: localhost", "Connection: close"),
    raw("bun 505", "GET /v2/\t HTTP/1.1", "Host: localhost", "Connection: close"),
    raw("bun 505", "GET /v2/\0 HTTP/1.1", "Host: localhost", "Connection: close"),
    raw("bun 505", "GET /v2/ HTTP/2.7", "Host: localhost", "Connection: close"),
    raw("bun 505", "GET /v2/"),
    raw("bun 400", "GET  HTTP/1.1", "Host: localhost", "Connection: close"),
  ];
}

/** Methods. Bun answers none that it does not know. */
export function badMethods({ name, blob, session }: Target): readonly BadRequest[] {
  const rows: Row[] = [
    ["405 UNSUPPORTED", "TRACE /v2/"],
    ["405 UNSUPPORTED", "POST /v2/"],
    ["405 UNSUPPORTED", "DELETE /v2/_catalog"],
    ["405 UNSUPPORTED", "PROPFIND /v2/"],
    ["405 UNSUPPORTED", `POST /v2/${name}/manifests/v1`],
    ["405 UNSUPPORTED", `PATCH /v2/${name}/manifests/v1`],
    ["405 UNSUPPORTED", `PUT /v2/${name}/blobs/${blob}`],
    ["405 UNSUPPORTED", `GET /v2/${name}/blobs/uploads/`],
    ["405 UNSUPPORTED", `POST ${session}`],
    ["405 UNSUPPORTED", `DELETE /v2/${name}/referrers/${blob}`],
    ["405 UNSUPPORTED", "CONNECT localhost:443", "Host: localhost:443"],
    ["bun closes", "FOO /v2/"],
    ["bun closes", "get /v2/"],
    ["bun closes", "GETGET /v2/"],
    ["bun 400", "G<T /v2/"],
    ["bun closes", `${long(1000, "A")} /v2/`],
  ];
  return rows.map(plain);
}

/** Header fields. Everything that two readers could frame in two ways is refused by Bun's parser. */
export function badHeaders({ name, session }: Target): readonly BadRequest[] {
  const chunked = "Transfer-Encoding: chunked";
  const rows: Row[] = [
    ["400 UNSUPPORTED", "GET /v2/", "Host: a.example", "Host: b.example"],
    ["400 UNSUPPORTED", "GET /v2/", "Host: a@b"],
    ["400 UNSUPPORTED", "GET /v2/", "Host: a b"],
    ["400 UNSUPPORTED", "GET /v2/", "Host: [::1"],
    ["400 UNSUPPORTED", "GET /v2/", "Host: localhost:99999"],
    ["400 UNSUPPORTED", "GET /v2/", "Host: a/b"],
    ["400 UNSUPPORTED", "GET /v2/", "Host:"],
    ["200", "GET /v2/", "Host: evil.example", "X-Forwarded-Host: evil.example"],
    ["200", "GET /v2/", "Authorization: Bearer ../../etc/passwd"],
    ["200", "GET /v2/", `Accept: ${long(8000, "a/b,")}`.slice(0, 15_000)],
    ["200", "GET /v2/", `X-Long: ${long(17_000)}`],
    ["bun 431", "GET /v2/", `X-Long: ${long(70_000)}`],
    ["bun 431", "GET /v2/", ...Array.from({ length: 300 }, (_, index) => `X-${index}: 1`)],
    ["bun 400", "GET /v2/", "X-Folded: a\r\n b"],
    ["bun 400", "GET /v2/", "X-Space : a"],
    ["bun 400", "GET /v2/", "X-Nul: a\0b"],
    ["bun 400", "GET /v2/", "no colon"],
    ["bun 400", `PATCH ${session}`, "Content-Length: 3", "Content-Length: 4"],
    ["400 UNSUPPORTED", `PATCH ${session}`, "Content-Length: 0", "Content-Length: 0"],
    ["400 UNSUPPORTED", `PUT /v2/${name}/manifests/v1`, "Content-Length: 0", "Content-Length: 0"],
    ["bun 400", `PATCH ${session}`, "Content-Length: -1"],
    ["bun 400", `PATCH ${session}`, "Content-Length: +3"],
    ["bun 400", `PATCH ${session}`, "Content-Length: 0x3"],
    ["bun 400", `PATCH ${session}`, "Content-Length: 9223372036854775808"],
    ["bun 400", `PATCH ${session}`, "Content-Length:"],
    ["bun 400", `PATCH ${session}`, "Content-Length: 3", chunked],
    ["bun 400", `PATCH ${session}`, chunked, chunked],
    ["bun 400", `PATCH ${session}`, "Transfer-Encoding: gzip, chunked"],
    ["bun 400", `PATCH ${session}`, "Transfer-Encoding: identity"],
    ["bun 400", `PATCH ${session}`, chunked, "", "xyz"],
    ["bun 400", `PATCH ${session}`, chunked, "", "ffffffffffffffffff"],
  ];
  return [
    ...rows.map(plain),
    raw("bun 400", "GET /v2/ HTTP/1.1", "Connection: close"),
    raw("200", "GET /v2/ HTTP/1.0"),
    raw("bun 400", "PATCH / HTTP/1.0", chunked, "", "0"),
    raw("bun 400", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
    raw("bun 400", "", "", "GET /v2/ HTTP/1.1", "Host: localhost"),
  ];
}
