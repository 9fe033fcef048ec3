// An upstream registry of the tests: it has what it is given, notes what it is asked, and misbehaves when it is told to.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { type Digest, parseDigest } from "../../src/oci/digest.ts";

/** A request that was made. */
export interface Noted {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
}

/** One request to be answered; false: as usual. */
export type Behaviour = (request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>;

/** A registry that can be told to misbehave. */
export interface MisbehavingUpstream extends AsyncDisposable {
  readonly url: URL;
  readonly host: string;
  readonly requests: Noted[];
  /** Requests as "GET /v2/…", for tables. */
  asked(): readonly string[];
  addBlob(bytes: Uint8Array): Digest;
  /** Stores a manifest under its digest and a tag; its digest. */
  addManifest(name: string, tag: string, text: string): Digest;
  removeTag(name: string, tag: string): void;
  /** From now on each request goes here first. */
  behave(behaviour: Behaviour | undefined): void;
}

/** The digest of bytes. */
export function digestOf(bytes: Uint8Array | string): Digest {
  const digest = parseDigest(`sha256:${Bun.CryptoHasher.hash("sha256", bytes, "hex")}`);
  if (digest === undefined) throw new Error("no digest");
  return digest;
}

interface Content {
  readonly blobs: Map<string, Uint8Array>;
  readonly manifests: Map<string, string>;
}

/**
 * Starts one on a free port. A cache looks at the base of the API when it starts: unless a test is about that, the base is
 * open, is not noted, and does not misbehave.
 */
export async function startUpstream({ isBaseOpen } = { isBaseOpen: true }): Promise<MisbehavingUpstream> {
  const content: Content = { blobs: new Map(), manifests: new Map() };
  const requests: Noted[] = [];
  const sockets = new Set<Socket>();
  let behaviour: Behaviour | undefined;
  const server = createServer((request, response) => {
    const { method = "", url = "", headers } = request;
    if (isBaseOpen && url === "/v2/") return fail(response, 200);
    requests.push({ method, path: url, range: headers.range, authorization: headers.authorization });
    void (async () => {
      if ((await behaviour?.(request, response)) === true) return;
      answer(content, request, response);
    })().catch(() => response.destroy());
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: new URL(`http://127.0.0.1:${port}`),
    host: `127.0.0.1:${port}`,
    requests,
    asked: () => requests.map(({ method, path }) => `${method} ${path}`),
    addBlob: (bytes) => {
      const digest = digestOf(bytes);
      content.blobs.set(digest, bytes);
      return digest;
    },
    addManifest: (name, tag, text) => {
      const digest = digestOf(text);
      content.manifests.set(`${name} ${digest}`, text);
      content.manifests.set(`${name} ${tag}`, text);
      return digest;
    },
    removeTag: (name, tag) => void content.manifests.delete(`${name} ${tag}`),
    behave: (next) => {
      behaviour = next;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

function answer({ blobs, manifests }: Content, request: IncomingMessage, response: ServerResponse): void {
  const path = (request.url ?? "").split("?")[0] ?? "";
  const [, name = "", kind = "", reference = ""] = /^\/v2\/(.+)\/(manifests|blobs|tags)\/([^/]+)$/.exec(path) ?? [];
  if (kind === "tags") {
    const tags = [...manifests.keys()].filter((key) => key.startsWith(`${name} `) && !key.includes(":"));
    if (tags.length === 0) fail(response, 404);
    else send(request, response, { text: JSON.stringify({ name, tags: tags.map((key) => key.split(" ")[1]).sort() }) });
    return;
  }
  const manifest = kind === "manifests" ? manifests.get(`${name} ${reference}`) : undefined;
  if (manifest !== undefined) {
    const { mediaType = "" } = JSON.parse(manifest) as { mediaType?: string };
    // Some say there what no header can hold.
    const type = /^[\w./+-]{1,200}$/.test(mediaType) ? mediaType : "application/json";
    const headers = { "Content-Type": type, "Docker-Content-Digest": digestOf(manifest) };
    send(request, response, { text: manifest, headers });
    return;
  }
  const blob = kind === "blobs" ? blobs.get(reference) : undefined;
  if (blob === undefined) {
    fail(response, 404);
    return;
  }
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
  const part = blob.subarray(start);
  if (start > 0) response.setHeader("Content-Range", `bytes ${start}-${blob.length - 1}/${blob.length}`);
  response.writeHead(start > 0 ? 206 : 200, { "Content-Length": part.length });
  response.end(request.method === "HEAD" ? undefined : part);
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  { text, headers = {} }: { readonly text: string; readonly headers?: Record<string, string> },
): void {
  response.writeHead(200, { ...headers, "Content-Length": Buffer.byteLength(text) });
  response.end(request.method === "HEAD" ? undefined : text);
}

/** Answers with a status and no more. */
export function fail(response: ServerResponse, status: number, headers: Record<string, string> = {}): void {
  response.writeHead(status, { "Content-Length": 0, ...headers });
  response.end();
}

function isBlob({ method, url = "" }: IncomingMessage): boolean {
  return method === "GET" && url.includes("/blobs/");
}

/** The ways to misbehave. */
export const behaviours = {
  status:
    (status: number, headers: Record<string, string> = {}): Behaviour =>
    (_request, response) => {
      fail(response, status, headers);
      return true;
    },
  /** Answers with this text. */
  text:
    (text: string): Behaviour =>
    (_request, response) => {
      response.end(text);
      return true;
    },
  /** Answers with a byte now and then, and never ends. */
  drip: (): Behaviour => (_request, response) => {
    response.writeHead(200);
    const timer = setInterval(() => response.write(" "), 5);
    response.on("close", () => clearInterval(timer));
    return true;
  },
  /** Takes the request and never answers. */
  silent: (): Behaviour => () => true,
  /** Sends other bytes than the blob's, as many as are given. */
  wrongBlob:
    (bytes: Uint8Array): Behaviour =>
    (request, response) => {
      if (!isBlob(request)) return false;
      response.writeHead(200, { "Content-Length": bytes.length });
      response.end(bytes);
      return true;
    },
  /** Sends other text than the manifest, whatever digest was asked for. */
  wrongManifest:
    (text: string): Behaviour =>
    (request, response) => {
      if (!(request.url ?? "").includes("/manifests/")) return false;
      send(request, response, { text });
      return true;
    },
  /** Sends the bytes again and again, and never ends. */
  endlessBlob:
    (bytes: Uint8Array): Behaviour =>
    (request, response) => {
      if (!isBlob(request)) return false;
      response.writeHead(200);
      const more = () => {
        while (!response.destroyed && response.write(bytes));
      };
      response.on("drain", more);
      more();
      return true;
    },
  /** Sends so many bytes of the blob, and then does what is said; the first `times` times. */
  breakBlob: (
    blob: Uint8Array,
    { after, how, times = 1 }: { readonly after: number; readonly how: "cut" | "stall"; readonly times?: number },
  ): Behaviour => {
    let left = times;
    return (request, response) => {
      if (!isBlob(request) || left === 0) return false;
      left -= 1;
      const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
      const part = blob.subarray(start);
      if (start > 0) response.setHeader("Content-Range", `bytes ${start}-${blob.length - 1}/${blob.length}`);
      response.writeHead(start > 0 ? 206 : 200, { "Content-Length": part.length });
      response.write(part.subarray(0, after), () => {
        if (how === "cut") response.socket?.end();
      });
      return true;
    };
  },
  /** Knows no ranges. */
  ignoreRanges: (): Behaviour => (request) => {
    delete request.headers.range;
    return false;
  },
  /** Sends everybody elsewhere. */
  redirect:
    (location: string): Behaviour =>
    (request, response) => {
      if (!(request.url ?? "").startsWith("/v2/")) return false;
      fail(response, 307, { Location: location });
      return true;
    },
} as const;
