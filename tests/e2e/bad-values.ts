// Digests, query values and ranges that no honest client sends, with what answers them.
import { type BadRequest, plain, type Row, type Target } from "./bad-requests.ts";

const unknown = `sha256:${"0".repeat(64)}`;
const hex = "a".repeat(64);
const long = (count: number, text = "a") => text.repeat(count);

/** Digests, wherever one is expected. */
export function badDigests({ name, session }: Target): readonly BadRequest[] {
  const digests = [
    "latest",
    "sha256:",
    "sha256",
    ":",
    "sha256:abc",
    `sha256:${hex}a`,
    `sha256:${hex.toUpperCase()}`,
    `SHA256:${hex}`,
    `sha256:${hex.slice(1)}g`,
    `sha512:${hex}`,
    `sha384:${long(96)}`,
    "md5:d41d8cd98f00b204e9800998ecf8427e",
    `sha256:..%2F..%2F${hex}`,
    `sha256:${hex}%00`,
    `sha256:${hex}%0A`,
    `sha256%253A${hex}`,
    `sha256:${hex},sha256:${hex}`,
    `sha256+b64:${hex}`,
    `%20sha256:${hex}`,
    long(5000),
  ];
  // A path is decoded before it is split.
  const inPath = (digest: string) => (digest.includes("%2F") ? "404 UNSUPPORTED" : "400 DIGEST_INVALID");
  const rows = digests.flatMap((digest): Row[] => [
    [inPath(digest), `GET /v2/${name}/blobs/${digest}`],
    [inPath(digest), `GET /v2/${name}/referrers/${digest}`],
    ["400 DIGEST_INVALID", `POST /v2/${name}/blobs/uploads/?digest=${digest}`],
    ["400 DIGEST_INVALID", `POST /v2/${name}/blobs/uploads/?mount=${digest}&from=${name}`],
    ["400 DIGEST_INVALID", `PUT ${session}?digest=${digest}`],
    ...(/:./.test(digest) && !digest.startsWith(":")
      ? ([[inPath(digest), `PUT /v2/${name}/manifests/${digest}`]] satisfies Row[])
      : []),
  ]);
  return rows.map(plain);
}

/** Query values. */
export function badQueries({ name, session }: Target): readonly BadRequest[] {
  const counts = [
    "-1",
    "NaN",
    "1e9",
    "1e999",
    "1.5",
    "0x10",
    "%20",
    "Infinity",
    "1,2",
    "%00",
    "%D9%A3",
    long(400, "9"),
  ];
  const rows: Row[] = [
    ...counts.flatMap((n): Row[] => [
      ["400 PAGINATION_NUMBER_INVALID", `GET /v2/_catalog?n=${n}`],
      ["400 PAGINATION_NUMBER_INVALID", `GET /v2/${name}/tags/list?n=${n}`],
    ]),
    ["400 PAGINATION_NUMBER_INVALID", "GET /v2/_catalog?n=1000000000"],
    ["400 PAGINATION_NUMBER_INVALID", "GET /v2/_catalog?n=1001"],
    ["200", `GET /v2/${name}/tags/list?n=1000000000`],
    ["200", "GET /v2/_catalog?n="],
    ["400 UNSUPPORTED", "GET /v2/_catalog?n=1&n=1"],
    ["400 UNSUPPORTED", `GET /v2/${name}/tags/list?last=a&last=b`],
    ["200", "GET /v2/_catalog?last=..%2F..%2Fetc%2Fpasswd"],
    ["200", `GET /v2/${name}/tags/list?last=..%2F%00%ff`],
    ["200", `GET /v2/_catalog?last=${long(10_000)}`],
    ["200", "GET /v2/_catalog?%zz=%zz&&&=&__proto__=1&n[]=1"],
    ["400 DIGEST_INVALID", `GET /v2/${name}/referrers/${unknown}?last=x`],
    ["400 UNSUPPORTED", `GET /v2/${name}/referrers/${unknown}?artifactType=a&artifactType=b`],
    ["200", `GET /v2/${name}/referrers/${unknown}?artifactType=${long(5000)}%00`],
    ["400 DIGEST_INVALID", `PUT ${session}`],
    ["400 UNSUPPORTED", `PUT ${session}?digest=${unknown}&digest=${unknown}`],
    ["400 DIGEST_INVALID", `POST /v2/${name}/blobs/uploads/?digest-algorithm=md5`],
    ["400 DIGEST_INVALID", `POST /v2/${name}/blobs/uploads/?digest-algorithm=__proto__`],
    ["400 MANIFEST_INVALID", `PUT /v2/${name}/manifests/${unknown}?tag=..%2Fx`],
    ["414 MANIFEST_INVALID", `PUT /v2/${name}/manifests/${unknown}?${long(101, "tag=a&")}`],
    ["400 UNSUPPORTED", `PUT /v2/${name}/manifests/v1?tag=v2`],
  ];
  return rows.map(plain);
}

/** Range of what is there, and Content-Range of chunks. */
export function badRanges({ name, blob, blobBytes, session }: Target): readonly BadRequest[] {
  const get = `GET /v2/${name}/blobs/${blob}`;
  const chunk = (contentRange: string, want = "400 BLOB_UPLOAD_INVALID"): Row => [
    want,
    `PATCH ${session}`,
    `Content-Range: ${contentRange}`,
    "Content-Length: 0",
  ];
  const rows: Row[] = [
    ["416 SIZE_INVALID", get, `Range: bytes=${blobBytes}-`],
    ["416 SIZE_INVALID", get, "Range: bytes=99999999999999999999-"],
    ["416 SIZE_INVALID", get, "Range: bytes=5-4"],
    ["416 SIZE_INVALID", get, "Range: bytes=-0"],
    ["206", get, "Range: bytes=0-99999999999999999999"],
    ["206", get, "Range: bytes=-99999999999999999999"],
    // What RFC 9110 lets a server ignore.
    ["200", get, "Range: bytes=--1"],
    ["200", get, "Range: bytes=NaN-1"],
    ["200", get, "Range: bytes=-"],
    ["200", get, "Range: bytes=0x0-0x1"],
    ["200", get, "Range: lines=1-2"],
    ["206", get, `Range: bytes=${Array.from({ length: 1000 }, (_, index) => `${index}-`).join(",")}`],
    chunk("bytes 0-1/1"),
    chunk("bytes 0-1/2", "400 SIZE_INVALID"),
    chunk("0-"),
    chunk("-1"),
    chunk("1-0"),
    chunk("a-b"),
    chunk("0-1, 2-3"),
    chunk("0-99999999999999999999"),
    chunk("-1--2"),
    chunk(""),
    chunk(long(5000, "9")),
    chunk("0-0", "400 SIZE_INVALID"),
    chunk("0-999999999999999", "400 SIZE_INVALID"),
  ];
  return [
    ...rows.map(plain),
    plain(["416 BLOB_UPLOAD_INVALID", `PATCH ${session}`, "Content-Range: 7-7", "Content-Length: 1", "", "x"]),
    plain([
      "416 BLOB_UPLOAD_INVALID",
      `PUT ${session}?digest=${unknown}`,
      "Content-Range: 7-7",
      "Content-Length: 1",
      "",
      "x",
    ]),
  ];
}
