// Manifests that no honest client pushes, with what answers them.
import type { BadRequest, Outcome } from "./bad-requests.ts";

/** What the registry has when the manifests come: a blob of repository `name`, which serves as config. */
export interface ManifestTarget {
  readonly name: string;
  readonly blob: string;
  readonly blobBytes: number;
}

const imageType = "application/vnd.oci.image.manifest.v1+json";
const indexType = "application/vnd.oci.image.index.v1+json";
const listType = "application/vnd.docker.distribution.manifest.list.v2+json";
const layerType = "application/vnd.oci.image.layer.v1.tar+gzip";
const unknown = `sha256:${"0".repeat(64)}`;
const mebibytes4 = 4 * 1024 * 1024;

/** PUT of the bytes, under a tag of their own and with the Content-Type. */
function put(
  { name }: ManifestTarget,
  {
    what,
    body,
    want,
    type = imageType,
    isChunked = false,
  }: {
    readonly what: string;
    readonly body: string | Uint8Array;
    readonly want: Outcome;
    readonly type?: string;
    readonly isChunked?: boolean;
  },
): BadRequest {
  const bytes = typeof body === "string" ? Buffer.from(body) : Buffer.from(body);
  const length = isChunked ? "Transfer-Encoding: chunked" : `Content-Length: ${bytes.length}`;
  // Not "Connection: close": an answer that comes before the end of the body would be lost with the connection.
  const fields = ["Host: localhost", `Content-Type: ${type}`, length];
  const head = `PUT /v2/${name}/manifests/odd HTTP/1.1\r\n${fields.join("\r\n")}\r\n\r\n`;
  const framed = isChunked ? [`${bytes.length.toString(16)}\r\n`, bytes, "\r\n0\r\n\r\n"] : [bytes];
  const parts = [head, ...framed].map((part) => (typeof part === "string" ? Buffer.from(part) : part));
  return { name: `a manifest ${what}`, bytes: Buffer.concat(parts), want };
}

/** A valid image of one blob, as text into which oddities are put. */
function imageText({ blob, blobBytes }: ManifestTarget): string {
  const config = { mediaType: "application/vnd.oci.image.config.v1+json", digest: blob, size: blobBytes };
  return JSON.stringify({ schemaVersion: 2, mediaType: imageType, config, layers: [] });
}

/** Text that is no JSON, or that two readers of JSON understand in two ways. */
export function badJson(target: ManifestTarget): readonly BadRequest[] {
  const image = imageText(target);
  const first = (text: string) => image.replace("{", `{${text},`);
  const nested = (depth: number, open: string, close: string) =>
    first(`"x":${open.repeat(depth)}${close.repeat(depth)}`);
  const invalidUtf8 = Buffer.concat([
    Buffer.from(image.slice(0, -1)),
    Buffer.from([0x2c, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
  ]);
  const config = image.indexOf('"digest"');
  const inConfig = (text: string) => `${image.slice(0, config)}${text},${image.slice(config)}`;
  const bodies: [what: string, body: string | Uint8Array][] = [
    ["of nothing", ""],
    ["that is cut", image.slice(0, -1)],
    ["that is a string", JSON.stringify(image)],
    ["that is an array", `[${image}]`],
    ["that is null", "null"],
    ["that is a number", "1e400"],
    ["of an empty object", "{}"],
    ["with something after it", `${image}x`],
    ["twice", image + image],
    ["with NUL after it", `${image}\0`],
    ["with a trailing comma", image.replace(/}$/, ",}")],
    ["with a comment", image.replace("{", "{/* */")],
    ["with single quotes", image.replaceAll('"', "'")],
    ["with a control character in a string", first('"x":"\n"')],
    ["with a byte order mark", `\uFEFF${image}`],
    ["in UTF-16", Buffer.from(`\uFEFF${image}`, "utf16le")],
    ["with invalid UTF-8", invalidUtf8],
    [
      "with an overlong UTF-8 slash",
      Buffer.concat([Buffer.from('{"'), Buffer.from([0xc0, 0xaf]), Buffer.from(`":1,${image.slice(1)}`)]),
    ],
    ["nested 200000 arrays deep", nested(200_000, "[", "]")],
    ["nested 200000 objects deep", nested(200_000, '{"x":', "").replace(/$/, "")],
    ["that opens two million arrays", "[".repeat(2_000_000)],
    ["with schemaVersion twice", first('"schemaVersion":2')],
    ["with mediaType twice", first(`"mediaType":"${indexType}"`)],
    ["with a key twice, once escaped", first('"\\u0063onfig":{}')],
    ["with a digest twice in its config", inConfig(`"digest":"${unknown}"`)],
    ["with an unknown key twice, deep inside", first('"x":[{"y":{"z":1,"z":2}}]')],
    ["with Config beside config", first('"Config":{}')],
    ["with MANIFESTS beside config", first('"MANIFESTS":[]')],
    ["with a long s in schemaVersion, which Go reads as s", first('"\u017fchemaVersion":1')],
    ["with Digest beside digest in its config", inConfig(`"Digest":"${unknown}"`)],
    ["with SIZE beside size in its config", inConfig('"SIZE":1')],
  ];
  return bodies.map(([what, body]) => put(target, { what, body, want: "400 MANIFEST_INVALID" }));
}

/** JSON whose fields are not those of a manifest, or those of two. */
export function badFields(target: ManifestTarget): readonly BadRequest[] {
  const { blob, blobBytes } = target;
  const image: Record<string, unknown> = JSON.parse(imageText(target));
  const config = image.config as Record<string, unknown>;
  const foreign = { ...config, mediaType: "application/vnd.oci.image.layer.nondistributable.v1.tar" };
  const index = { schemaVersion: 2, mediaType: indexType, manifests: [] };
  const withSize = (size: string) => imageText(target).replace(`"size":${blobBytes}`, `"size":${size}`);
  const changed: [what: string, fields: Record<string, unknown>][] = [
    ["that is an image and an index", { manifests: [] }],
    ["without config and layers", { config: undefined, layers: undefined }],
    ["whose config is null", { config: null }],
    ["whose config is an array", { config: [] }],
    ["whose config has no digest", { config: { ...config, digest: undefined } }],
    [
      "whose config has a digest that leads elsewhere",
      { config: { ...config, digest: "sha256:../../../../etc/passwd" } },
    ],
    ["whose config has a size that is text", { config: { ...config, size: String(blobBytes) } }],
    ["whose config has another size", { config: { ...config, size: blobBytes + 1 } }],
    ["whose config has no mediaType", { config: { ...config, mediaType: undefined } }],
    ["whose config has a line break in its mediaType", { config: { ...config, mediaType: "a/b\r\nX: y" } }],
    ["whose config has a mediaType of a megabyte", { config: { ...config, mediaType: "a/".padEnd(1_000_000, "b") } }],
    ["whose layers are an object", { layers: {} }],
    ["whose layers are numbers", { layers: [1, 2] }],
    ["of schema 1", { schemaVersion: 1 }],
    ["of schema 3", { schemaVersion: 3 }],
    ["of a schema in text", { schemaVersion: "2" }],
    ["whose mediaType is a number", { mediaType: 2 }],
    ["whose mediaType is another than its Content-Type", { mediaType: listType }],
    ["whose artifactType is an object", { artifactType: {} }],
    ["whose artifactType has a NUL", { artifactType: "a/\u0000" }],
    ["that is a page", { mediaType: "text/html" }],
    ["whose annotations are numbers", { annotations: { x: 1 } }],
    ["whose subject is a digest alone", { subject: blob }],
    ["whose subject has no size", { subject: { mediaType: imageType, digest: blob } }],
    ["with a foreign layer from a file", { layers: [{ ...foreign, urls: ["file:///etc/passwd"] }] }],
    ["with a layer from a file", { layers: [{ ...config, mediaType: layerType, urls: ["file:///etc/passwd"] }] }],
  ];
  const invalid = { want: "400 MANIFEST_INVALID" };
  return [
    ...changed.map(([what, fields]) =>
      put(target, { what, body: JSON.stringify({ ...image, ...fields }), ...invalid }),
    ),
    ...["1e400", "9007199254740993", "18446744073709551616", "-1", "1.5", "NaN", "01", "1".repeat(10_000)].map((size) =>
      put(target, { what: `of size ${size.slice(0, 30)}`, body: withSize(size), ...invalid }),
    ),
    put(target, {
      what: "that is an index and says image",
      body: JSON.stringify({ ...index, mediaType: imageType }),
      ...invalid,
    }),
    put(target, { what: "with the type of an index", body: JSON.stringify(image), type: indexType, ...invalid }),
    put(target, {
      what: "with a type of schema 1",
      body: JSON.stringify(image),
      type: "application/vnd.docker.distribution.manifest.v1+prettyjws",
      ...invalid,
    }),
    put(target, { what: "with a type that is none", body: JSON.stringify(image), type: "text/html", ...invalid }),
    put(target, {
      what: "with a very long type",
      body: JSON.stringify(image),
      type: `a/${"b".repeat(10_000)}`,
      ...invalid,
    }),
    put(target, {
      what: "with a missing layer",
      body: JSON.stringify({ ...image, layers: [{ ...config, digest: unknown }] }),
      want: "404 MANIFEST_BLOB_UNKNOWN",
    }),
    put(target, {
      what: "with a foreign layer that is neither here nor elsewhere",
      body: JSON.stringify({ ...image, layers: [{ ...foreign, digest: unknown }] }),
      want: "404 MANIFEST_BLOB_UNKNOWN",
    }),
    put(target, {
      what: "with ten thousand missing layers",
      body: JSON.stringify({ ...image, layers: Array(10_000).fill({ ...config, digest: unknown }) }),
      want: "404 MANIFEST_BLOB_UNKNOWN",
    }),
    put(target, {
      what: "of a missing child",
      body: JSON.stringify({ ...index, manifests: [{ mediaType: imageType, digest: unknown, size: 1 }] }),
      type: indexType,
      want: "404 MANIFEST_BLOB_UNKNOWN",
    }),
  ];
}

/** Sizes around the limit of 4 MiB, with a length and without. */
export function badSizes(target: ManifestTarget): readonly BadRequest[] {
  const image = imageText(target);
  const padded = (sizeBytes: number) => image.replace("{", `{${" ".repeat(sizeBytes - image.length)}`);
  const announced = `PUT /v2/${target.name}/manifests/odd HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000000\r\n`;
  return [
    ...[false, true].flatMap((isChunked) => {
      const how = isChunked ? "without a length" : "with a length";
      return [
        put(target, { what: `of 4 MiB, ${how}`, body: padded(mebibytes4), isChunked, want: "201" }),
        put(target, {
          what: `of 4 MiB and a byte, ${how}`,
          body: padded(mebibytes4 + 1),
          isChunked,
          want: "413 SIZE_INVALID",
        }),
        put(target, { what: `of 9 MiB, ${how}`, body: padded(9 * 1024 * 1024), isChunked, want: "413 SIZE_INVALID" }),
      ];
    }),
    {
      name: "a manifest of a terabyte, announced",
      bytes: Buffer.from(`${announced}\r\n`),
      want: "413 SIZE_INVALID",
    },
  ];
}
