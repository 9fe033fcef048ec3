// Stands between a registry and its object store, and lets the store seem to fail.
import type { RealEngine } from "../storage/s3/engines.ts";

/** What becomes of a request: sent on, answered with an error of the store, or not answered. */
export type StoreFault = "none" | "SlowDown" | "InternalError" | "ExpiredToken" | "AccessDenied" | "cut";

/** The store as the registry sees it. */
export interface FaultProxy extends AsyncDisposable {
  readonly endpoint: URL;
  /** What is wrong from now on, for requests that the function picks. */
  fail(fault: StoreFault, isMeant?: (request: Request) => boolean): void;
  /** How many requests came, by method. */
  readonly counts: Map<string, number>;
  /** What those who came call themselves. */
  readonly userAgents: Set<string>;
  /** How many bytes of answers went through. */
  sentBytes(): number;
}

const statuses = { SlowDown: 503, InternalError: 500, ExpiredToken: 400, AccessDenied: 403 } as const;

/** Starts it. */
export function startFaultProxy({ endpoint }: Pick<RealEngine, "endpoint">): FaultProxy {
  let current: { readonly fault: StoreFault; readonly isMeant: (request: Request) => boolean } = {
    fault: "none",
    isMeant: () => true,
  };
  const counts = new Map<string, number>();
  const userAgents = new Set<string>();
  let sentBytes = 0;
  const note = (answer: Response) => {
    sentBytes += Number(answer.headers.get("content-length") ?? 0);
    return answer;
  };
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    fetch: async (request, self) => {
      counts.set(request.method, (counts.get(request.method) ?? 0) + 1);
      userAgents.add(request.headers.get("user-agent") ?? "");
      const { fault, isMeant } = current;
      if (fault === "none" || !isMeant(request)) {
        const answer = await sendOn(request, endpoint);
        return request.method === "HEAD" ? answer : note(answer);
      }
      if (fault === "cut") {
        // An answer that never comes to its head: the connection is closed instead.
        setTimeout(() => self.stop(true), 0);
        return await new Promise<Response>(() => {});
      }
      return new Response(`<Error><Code>${fault}</Code><Message>so it was wanted</Message></Error>`, {
        status: statuses[fault],
        headers: { Date: new Date().toUTCString() },
      });
    },
  });
  return {
    endpoint: new URL(`http://127.0.0.1:${server.port}`),
    fail: (fault, isMeant = () => true) => {
      current = { fault, isMeant };
    },
    counts,
    userAgents,
    sentBytes: () => sentBytes,
    [Symbol.asyncDispose]: async () => await server.stop(true),
  };
}

/** With the host that was signed. */
async function sendOn(request: Request, endpoint: URL): Promise<Response> {
  const url = new URL(request.url);
  const headers = new Headers(request.headers);
  headers.set("Host", url.host);
  const body = ["GET", "HEAD"].includes(request.method) ? undefined : await request.arrayBuffer();
  const answer = await fetch(`${endpoint.origin}${url.pathname}${url.search}`, {
    method: request.method,
    headers,
    redirect: "manual",
    decompress: false,
    ...(body === undefined ? {} : { body }),
  });
  return new Response(answer.body, { status: answer.status, headers: answer.headers });
}
