// Requests with another one hidden in them: whoever reads their framing in another way than the server before it takes the
// hidden one for a request. Read as the standard says (RFC 9112), each is one request, or none.

/** What is sent on one connection, in latin1. */
export interface Carrier {
  readonly name: string;
  /** `hidden` is a whole request. */
  readonly bytes: (hidden: string) => string;
}

interface Parts {
  readonly start?: string;
  readonly fields?: readonly string[];
  readonly body?: string;
  readonly end?: string;
}

const upload = "POST /v2/probe/blobs/uploads/ HTTP/1.1";
const host = "Host: localhost";
const chunked = "Transfer-Encoding: chunked";

function join({ start = upload, fields = [], body = "", end = "\r\n" }: Parts): string {
  return `${[start, host, ...fields].join(end)}${end}${end}${body}`;
}

const length = (body: string) => `Content-Length: ${body.length}`;
const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;
const last = "0\r\n\r\n";

/** Fields that some reader takes for "Transfer-Encoding: chunked", and another does not. */
const oddEncodings = [
  ...[
    "Transfer-Encoding: xchunked",
    "Transfer-Encoding : chunked",
    "Transfer-Encoding:\tchunked",
    "Transfer-Encoding:\x0bchunked",
  ],
  ...[" Transfer-Encoding: chunked", "X: x\nTransfer-Encoding: chunked", "X: x\rTransfer-Encoding: chunked"],
  ...["Transfer-Encoding\r\n : chunked", "Transfer-Encoding:\r\n chunked", "Transfer-Encoding: chunked, identity"],
  ...["Transfer-Encoding: identity, chunked", 'Transfer-Encoding: "chunked"', "Transfer-Encoding: chunked\0"],
  ...[
    "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
  ],
  ...[
    "Transfer-Encoding: chunked;q=1",
    "Transfer-Encoding: CHUNKED",
    "transfer-encoding: chunked ",
    "Transfer-Encoding:chunked",
    "Transfer-Encoding: \x80chunked",
  ],
];

const encodings: readonly Carrier[] = [chunked, ...oddEncodings].flatMap((field) => [
  {
    name: `length over ${JSON.stringify(field)}`,
    bytes: (hidden: string) => join({ fields: [length(last + hidden), field], body: last + hidden }),
  },
  {
    name: `${JSON.stringify(field)} over length`,
    bytes: (hidden: string) => join({ fields: [field, "Content-Length: 4"], body: chunk(hidden) + last }),
  },
]);

/** `N` stands for the length of the body, which is the hidden request. */
const oddLengths = [
  ...[
    "Content-Length: 0\r\nContent-Length: N",
    "Content-Length: N\r\nContent-Length: 0",
    "Content-Length: N\r\nContent-Length: N",
  ],
  ...[
    "Content-Length: 0, N",
    "Content-Length: N, N",
    "Content-Length: +N",
    "Content-Length: -0\r\nX: N",
    "Content-Length: 0xN",
  ],
  ...[
    "Content-Length: N \r\nContent_Length: 0",
    "Content-Length: N\r\nTransfer_Encoding: chunked",
    "Content-Length : N",
    "Content-Length:\x0bN",
    "Content-Length: N\0",
    "Content-Length: N;",
  ],
  ...[
    "Content-Length\0: 0\r\nContent-Length: N",
    "X: a\r\n Content-Length: 0\r\nContent-Length: N",
    "X: a\nContent-Length: 0\r\nContent-Length: N",
  ],
  ...[
    "Connection: Content-Length\r\nContent-Length: N",
    "Connection: close, Content-Length\r\nContent-Length: N",
    "Content-Length: 000N",
  ],
  ...[
    "Expect: 100-continue\r\nContent-Length: N",
    "Expect: 100-continue, x\r\nContent-Length: N",
    "Trailer: Content-Length\r\nContent-Length: N",
  ],
  ...[
    "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\nContent-Length: N",
  ],
  ...[
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nContent-Length: N",
  ],
  ...["X-HTTP-Method-Override: GET\r\nContent-Length: N", "Content-Encoding: gzip\r\nContent-Length: N"],
];

const lengths: readonly Carrier[] = oddLengths.map((fields) => ({
  name: JSON.stringify(fields),
  bytes: (hidden) => join({ fields: [fields.replaceAll("N", String(hidden.length))], body: hidden }),
}));

/** Bodies in chunks, of which the hidden request is one, or comes after what some reader takes for the last one. */
const oddChunks: readonly (readonly [string, (hidden: string) => string])[] = [
  ["an extension", (hidden) => `${hidden.length.toString(16)};a=b\r\n${hidden}\r\n${last}`],
  ["a quoted extension with a line in it", (hidden) => `1;a="\r\n0\r\n\r\n${hidden}`],
  ["an extension that ends in LF", (hidden) => `2;\nxx\r\n${chunk(hidden)}${last}`],
  ["an extension that ends in CR", (hidden) => `2;\rxx\r\n${chunk(hidden)}${last}`],
  ["sizes that end in LF", (hidden) => `1\nx\n0\n\n${hidden}`],
  ["a size in Go's notation", (hidden) => `0x${hidden.length.toString(16)}\r\n${hidden}\r\n${last}`],
  ["a size with a space", (hidden) => `${hidden.length.toString(16)} \r\n${hidden}\r\n${last}`],
  ["a size that overflows to 0", (hidden) => `10000000000000000\r\n\r\n${hidden}`],
  ["a size that overflows in 32 bits", (hidden) => `100000000\r\n\r\n${hidden}`],
  ["a negative size", (hidden) => `-1\r\n\r\n${hidden}`],
  ["an empty size", (hidden) => `\r\n\r\n${hidden}`],
  ["a chunk that is longer than it says", (hidden) => `1\r\nxx0\r\n\r\n${hidden}`],
  ["a chunk without its line end", (hidden) => `1\r\nx0\r\n\r\n${hidden}`],
  ["a last chunk of many zeros", (hidden) => `${chunk(hidden)}0000000000000000\r\n\r\n`],
  ["a trailer that gives a length", (hidden) => `${chunk(hidden)}0\r\nContent-Length: 4\r\n\r\n`],
  ["a trailer that looks like a request", (hidden) => `0\r\n${hidden.slice(0, -2)}\r\n`],
];

const chunks: readonly Carrier[] = oddChunks.map(([name, body]) => ({
  name: `chunks with ${name}`,
  bytes: (hidden) => join({ fields: [chunked], body: body(hidden) }),
}));

/** Requests that are answered before, or without, a look at their bodies. */
const unread = [
  ...[
    "GET /v2/",
    "HEAD /v2/",
    "DELETE /v2/probe/manifests/gone",
    "OPTIONS /v2/",
    "PUT /v2/UPPER/manifests/1",
    "POST /nowhere",
  ],
  ...[
    "PUT /v2/probe/blobs/sha256:0",
    "PATCH /v2/probe/blobs/uploads/0",
    "POST /v2/probe/blobs/uploads/?digest=x",
    "TRACE /v2/",
  ],
  ...[
    "POST /v2/probe/blobs/uploads/",
    "GET /v2/probe//tags/list",
    "GET http://localhost/v2/",
    "GET http://other.test/v2/",
  ],
];

const bodies: readonly Carrier[] = unread.flatMap((start) => {
  const line = `${start} HTTP/1.1`;
  return [
    {
      name: `${start} with a body`,
      bytes: (hidden: string) => join({ start: line, fields: [length(hidden)], body: hidden }),
    },
    {
      name: `${start} with 300 KB of bodies`,
      bytes: (hidden: string) => {
        const body = hidden.repeat(Math.ceil(300_000 / hidden.length));
        return join({ start: line, fields: [length(body)], body });
      },
    },
    {
      name: `${start} with a body in chunks`,
      bytes: (hidden: string) => join({ start: line, fields: [chunked], body: chunk(hidden) + last }),
    },
  ];
});

const starts: readonly Carrier[] = [
  { name: "lines that end in LF", bytes: (hidden) => join({ fields: [length(hidden)], body: hidden, end: "\n" }) },
  { name: "lines that end in CR", bytes: (hidden) => join({ fields: [length(hidden)], body: hidden, end: "\r" }) },
  {
    name: "chunks in HTTP/1.0",
    bytes: (hidden) => join({ start: upload.replace("1.1", "1.0"), fields: [chunked], body: chunk(hidden) + last }),
  },
  { name: "two hosts", bytes: (hidden) => join({ fields: ["Host: other.test", length(hidden)], body: hidden }) },
  { name: "a host with a request in it", bytes: (hidden) => `GET /v2/ HTTP/1.1\r\nHost: x\n${hidden}` },
  { name: "a folded host", bytes: (hidden) => `GET /v2/ HTTP/1.1\r\nHost: x\r\n ${hidden}` },
  {
    name: "a target with a request in it",
    bytes: (hidden) => `GET /v2/?${hidden.replaceAll("\r\n", "\n")} HTTP/1.1\r\n${host}\r\n\r\n`,
  },
  {
    name: "a field with a request in it",
    bytes: (hidden) => `GET /v2/ HTTP/1.1\r\n${host}\r\nX: \r${hidden.replaceAll("\r\n", "\r")}\r\n\r\n`,
  },
];

/** All of them. */
export const carriers: readonly Carrier[] = [...encodings, ...lengths, ...chunks, ...bodies, ...starts];
