// Uploads in parts to the store of the tests.
import { type EngineObjects, md5 } from "./engine-objects.ts";
import { answerError, answerXml, type EngineRequest } from "./engine-request.ts";

interface Part {
  readonly bytes: Uint8Array;
  readonly etag: string;
}

export class EngineMultiparts {
  readonly #objects: EngineObjects;
  readonly open = new Map<string, { readonly key: string; readonly parts: Map<number, Part> }>();
  /** As of one store, which answers so to the completion of an upload that was aborted. */
  goneStatus: { status: number; code: string } = { status: 404, code: "NoSuchUpload" };
  /** Whether a completion looks at the ETags of its parts. */
  isPartChecked = true;
  #count = 0;

  constructor(objects: EngineObjects) {
    this.#objects = objects;
  }

  /** Undefined for a request that is about no upload in parts. */
  answer(request: EngineRequest): Response | undefined {
    const { method, key, query } = request;
    if (method === "POST" && query.has("uploads")) {
      this.#count += 1;
      const id = `upload-${this.#count}`;
      this.open.set(id, { key, parts: new Map() });
      return answerXml(`<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`);
    }
    const id = query.get("uploadId");
    if (id === null) return undefined;
    const upload = this.open.get(id);
    if (upload?.key !== key)
      return method === "POST"
        ? answerError(this.goneStatus.status, this.goneStatus.code)
        : answerError(404, "NoSuchUpload");
    switch (method) {
      case "PUT":
        return this.#put(upload.parts, request);
      case "GET":
        return listParts(upload.parts, request.query);
      case "DELETE":
        this.open.delete(id);
        return new Response(null, { status: 204 });
      default:
        return this.#complete(id, request);
    }
  }

  #put(parts: Map<number, Part>, { query, headers, body }: EngineRequest): Response {
    const number = Number(query.get("partNumber"));
    const isCopy = headers.has("x-amz-copy-source");
    const bytes = isCopy ? this.#rangeOf(headers) : body;
    if (bytes === undefined) return answerError(412, "PreconditionFailed");
    const part = { bytes, etag: md5(bytes) };
    parts.set(number, part);
    if (isCopy) return answerXml(`<CopyPartResult><ETag>"${part.etag}"</ETag></CopyPartResult>`);
    return new Response(null, { headers: { etag: `"${part.etag}"` } });
  }

  #rangeOf(headers: Headers): Uint8Array | undefined {
    const source = this.#objects.sourceOf(headers);
    const [, start, end] = /^bytes=(\d+)-(\d+)$/.exec(headers.get("x-amz-copy-source-range") ?? "") ?? [];
    if (source === undefined || headers.get("x-amz-copy-source-if-match") !== source.etag) return undefined;
    return source.bytes.slice(Number(start), Number(end) + 1);
  }

  #complete(id: string, { key, body }: EngineRequest): Response {
    const parts = this.open.get(id)?.parts ?? new Map<number, Part>();
    const named = [
      ...new TextDecoder().decode(body).matchAll(/<PartNumber>(\d+)<\/PartNumber><ETag>"?([0-9a-f]+)"?<\/ETag>/g),
    ];
    const chosen = named.map(([, number, etag]) => {
      const part = parts.get(Number(number));
      return part?.etag === etag || !this.isPartChecked ? part : undefined;
    });
    if (chosen.some((part) => part === undefined)) return answerError(400, "InvalidPart");
    this.open.delete(id);
    const bytes = Buffer.concat(chosen.map((part) => part?.bytes ?? new Uint8Array()));
    const digests = Buffer.from(chosen.map((part) => part?.etag ?? "").join(""), "hex");
    const { etag } = this.#objects.set(key, bytes, `${md5(digests)}-${chosen.length}`);
    return answerXml(`<CompleteMultipartUploadResult><ETag>"${etag}"</ETag></CompleteMultipartUploadResult>`);
  }
}

/** Two a page. */
function listParts(parts: ReadonlyMap<number, Part>, query: URLSearchParams): Response {
  const after = Number(query.get("part-number-marker") ?? 0);
  const left = [...parts].sort(([one], [two]) => one - two).filter(([number]) => number > after);
  const page = left.slice(0, 2);
  const entries = page.map(([number, { bytes, etag }]) => {
    return `<Part><PartNumber>${number}</PartNumber><ETag>"${etag}"</ETag><Size>${bytes.length}</Size></Part>`;
  });
  const more = `<NextPartNumberMarker>${page.at(-1)?.[0] ?? 0}</NextPartNumberMarker>`;
  return answerXml(
    `<ListPartsResult><IsTruncated>${left.length > 2}</IsTruncated>${more}${entries.join("")}</ListPartsResult>`,
  );
}
