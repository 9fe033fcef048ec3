// A request in its parts, so that each of them can be bent, and as the bytes that go over the wire. Bytes are kept as
// latin1 text throughout.

/** A header field as it was written. */
export type Field = readonly [name: string, value: string];

/** A request that somebody sent. */
export interface RawRequest {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  readonly fields: readonly Field[];
  /** As framed, so with the sizes of its chunks where it has such. */
  readonly body: string;
}

/** Takes a whole request apart. */
export function parseRequest(text: string): RawRequest {
  const end = text.indexOf("\r\n\r\n");
  const [start = "", ...lines] = text.slice(0, end).split("\r\n");
  const [method = "", target = "", version = ""] = start.split(" ");
  const fields = lines.map((line): Field => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  return { method, target, version, fields, body: text.slice(end + 4) };
}

/** The bytes of a request. */
export function formatRequest({ method, target, version, fields, body }: RawRequest): string {
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${target} ${version}\r\n${lines.join("")}\r\n${body}`;
}

/** The value of a field; undefined where it is not there. */
export function fieldOf({ fields }: RawRequest, name: string): string | undefined {
  return fields.find(([known]) => known.toLowerCase() === name)?.[1];
}

/**
 * The length of the first request in the text, as a strict reader sees it; undefined where more has to come. What no
 * strict reader takes for a request is as long as the text: nobody has to wait for more.
 */
export function lengthOf(text: string): number | undefined {
  const end = text.indexOf("\r\n\r\n");
  if (end === -1) return undefined;
  const request = parseRequest(text);
  const start = end + 4;
  if (fieldOf(request, "transfer-encoding") !== undefined) return endOfChunks(text, start);
  const length = fieldOf(request, "content-length") ?? "0";
  if (!/^\d{1,15}$/.test(length)) return text.length;
  return text.length >= start + Number(length) ? start + Number(length) : undefined;
}

function endOfChunks(text: string, start: number): number | undefined {
  let at = start;
  for (;;) {
    const line = text.indexOf("\r\n", at);
    if (line === -1) return undefined;
    const size = /^([0-9a-f]{1,13})(?:;.*)?$/i.exec(text.slice(at, line))?.[1];
    if (size === undefined) return text.length;
    at = line + 2 + Number.parseInt(size, 16) + 2;
    if (Number.parseInt(size, 16) === 0) return text.length >= at ? at : undefined;
    if (text.length < at) return undefined;
  }
}
