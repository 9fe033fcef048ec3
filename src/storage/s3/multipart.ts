// Objects that arrive in parts, over any number of requests and nodes, and are there at once when they are completed.
import { copySourceOf } from "./address.ts";
import { type BucketObjects, bareEtag, copyPatienceMs } from "./bucket-objects.ts";
import { describe } from "./connection.ts";
import { S3Failure } from "./failure.ts";
import { childrenOf, escapeXml, textOf, type XmlElement } from "./xml.ts";

/** A part that the store has. */
export interface StoredPart {
  /** From 1 to 10,000. */
  readonly number: number;
  readonly etag: string;
  readonly sizeBytes: number;
}

/** An object that is on its way. */
export interface MultipartUpload {
  readonly key: string;
  readonly uploadId: string;
}

/** Begins one. After an answer that was lost a second one may be left behind, for the store's lifecycle rule. */
export async function createMultipart(objects: BucketObjects, key: string): Promise<MultipartUpload> {
  const request = { method: "POST", key, query: { uploads: "" }, headers: objects.newHeaders } as const;
  const { root } = await objects.client.askXml(request);
  const uploadId = textOf(root, "UploadId") ?? "";
  if (uploadId === "")
    throw new S3Failure(describe(request), { status: 200, reason: "without an upload's identifier" });
  return { key, uploadId };
}

/** Puts a part, or replaces it. All parts but the last one have to have 5 MiB at least. */
export async function putPart(
  objects: BucketObjects,
  upload: MultipartUpload,
  part: { readonly number: number; readonly bytes: Uint8Array },
): Promise<StoredPart> {
  const { number, bytes } = part;
  const request = { method: "PUT", key: upload.key, query: partQuery(upload, number), body: bytes } as const;
  const answer = await objects.client.ask(request);
  return { number, etag: bareEtag(answer.headers.get("etag") ?? ""), sizeBytes: bytes.length };
}

/** Makes a part of a range of an object, at most 5 GiB, without reading it. With `etag` only of that very one. */
export async function copyPart(
  objects: BucketObjects,
  upload: MultipartUpload,
  part: {
    readonly number: number;
    readonly from: string;
    readonly start: number;
    readonly end: number;
    readonly etag: string;
  },
): Promise<StoredPart> {
  const { number, from, start, end, etag } = part;
  const headers = {
    "x-amz-copy-source": copySourceOf(objects.client.options.bucket, from),
    "x-amz-copy-source-range": `bytes=${start}-${end - 1}`,
    "x-amz-copy-source-if-match": etag,
  };
  const request = {
    method: "PUT",
    key: upload.key,
    query: partQuery(upload, number),
    headers,
    patienceMs: copyPatienceMs,
  } as const;
  const { root } = await objects.client.askXml(request);
  return { number, etag: bareEtag(textOf(root, "ETag") ?? ""), sizeBytes: end - start };
}

/** What the store has of it so far; undefined if there is no such upload (any more). */
export async function listParts(
  objects: BucketObjects,
  upload: MultipartUpload,
): Promise<readonly StoredPart[] | undefined> {
  const parts: StoredPart[] = [];
  for (let marker: string | undefined; ; ) {
    const position = marker === undefined ? {} : { "part-number-marker": marker };
    const query = { uploadId: upload.uploadId, ...position };
    const root = await orNoUpload(
      objects.client.askXml({ method: "GET", key: upload.key, query }).then((answer) => answer.root),
    );
    if (root === undefined) return undefined;
    parts.push(...childrenOf(root, "Part").map(partOf));
    const next = textOf(root, "NextPartNumberMarker");
    if (textOf(root, "IsTruncated") !== "true" || next === undefined || next === marker) return parts;
    marker = next;
  }
}

function partOf(element: XmlElement): StoredPart {
  const etag = bareEtag(textOf(element, "ETag") ?? "");
  return { number: Number(textOf(element, "PartNumber")), etag, sizeBytes: Number(textOf(element, "Size")) };
}

/** An object that was made of parts. */
export interface CompletedObject {
  readonly etag: string;
  readonly sizeBytes: number;
}

/**
 * Makes the object of exactly these parts; undefined if a part is another one by now, or the upload is gone. After a
 * completion whose answer was lost the object that is there tells, by its ETag, whether it is made of them.
 */
export async function completeMultipart(
  objects: BucketObjects,
  upload: MultipartUpload,
  parts: readonly StoredPart[],
): Promise<CompletedObject | undefined> {
  const sizeBytes = parts.reduce((total, part) => total + part.sizeBytes, 0);
  const request = {
    method: "POST",
    key: upload.key,
    query: { uploadId: upload.uploadId },
    body: formatParts(parts),
    patienceMs: copyPatienceMs,
  } as const;
  const startedMs = performance.now();
  for (let attempts = 1; ; attempts += 1) {
    try {
      const { root } = await objects.client.askXml(request, { isOnce: true });
      const etag = bareEtag(textOf(root, "ETag") ?? "");
      // One store answers so to a completion that it has carried out before.
      return etag === "" ? await findCompleted(objects, upload.key, parts) : { etag, sizeBytes };
    } catch (error) {
      if (!(error instanceof S3Failure)) throw error;
      if (["InvalidPart", "InvalidPartOrder"].includes(error.reason)) return undefined;
      // One store answers 500 when the upload was aborted; a repeated completion finds none.
      const isGone = isNoUpload(error) || (error.isUnknown && (await listParts(objects, upload)) === undefined);
      if (isGone) return await findCompleted(objects, upload.key, parts);
      await objects.client.pause(error, { attempts, startedMs });
    }
  }
}

/** The object that these parts have become, although nobody said so; undefined if it is another one, or none. */
export async function findCompleted(
  objects: BucketObjects,
  key: string,
  parts: readonly StoredPart[],
): Promise<CompletedObject | undefined> {
  const stat = await objects.stat(key);
  return stat !== undefined && stat.etag === etagOfParts(parts)
    ? { etag: stat.etag, sizeBytes: stat.sizeBytes }
    : undefined;
}

/** As stores make it; no ETag at all if those of the parts are no MD5. */
function etagOfParts(parts: readonly StoredPart[]): string | undefined {
  if (!parts.every(({ etag }) => /^[0-9a-f]{32}$/.test(etag))) return undefined;
  const all = Buffer.from(parts.map(({ etag }) => etag).join(""), "hex");
  return `${new Bun.CryptoHasher("md5").update(all).digest("hex")}-${parts.length}`;
}

function formatParts(parts: readonly StoredPart[]): Uint8Array {
  const listed = parts.map(
    ({ number, etag }) => `<Part><PartNumber>${number}</PartNumber><ETag>"${escapeXml(etag)}"</ETag></Part>`,
  );
  return new TextEncoder().encode(`<CompleteMultipartUpload>${listed.join("")}</CompleteMultipartUpload>`);
}

/** Gives up an upload, whether or not there is one. */
export async function abortMultipart(objects: BucketObjects, upload: MultipartUpload): Promise<void> {
  const query = { uploadId: upload.uploadId };
  await objects.client.ask({ method: "DELETE", key: upload.key, query }, { expected: [404] });
}

function partQuery({ uploadId }: MultipartUpload, number: number): Readonly<Record<string, string>> {
  return { partNumber: String(number), uploadId };
}

/** Whether the failure says that there is no such upload (any more). */
export function isNoUpload(error: S3Failure): boolean {
  return error.reason === "NoSuchUpload" || error.status === 404;
}

async function orNoUpload<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof S3Failure && isNoUpload(error)) return undefined;
    throw error;
  }
}
