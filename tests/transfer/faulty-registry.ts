// A registry that copies talk to over HTTP: ours, in memory, which notes what it is asked and fails when it is told to.
import { RegistryApi } from "../../src/client/registry-api.ts";
import { RegistryClient } from "../../src/client/registry-client.ts";
import type { Patience } from "../../src/client/retry.ts";
import { dispatch } from "../../src/http/dispatch.ts";
import type { RemoteRepository } from "../../src/transfer/remote-source.ts";
import { memoryRegistry } from "../http/memory-registry.ts";
import { named, type Stock } from "../registry/stocked.ts";

/** Answers a request in the registry's place; undefined: it answers by itself. */
export type Fault = (request: Request) => Response | undefined | Promise<Response | undefined>;

/** A registry behind a port. */
export interface FaultyRegistry extends AsyncDisposable {
  readonly host: string;
  readonly url: URL;
  /** What it holds, to be filled and looked at. */
  readonly stock: Stock;
  /** Requests as "PUT /v2/…", without queries. */
  readonly asked: string[];
  /** From now on each request goes there first. */
  fail(fault: Fault | undefined): void;
  /** A repository of it, over the API. */
  repository(name: string): RemoteRepository;
}

/** No retry waits for longer than a moment. */
export const impatient: Patience = {
  pauseMs: 1,
  attempts: 4,
  longestMs: 5000,
  signal: new AbortController().signal,
};

/** Starts one on a free port. */
export function startFaultyRegistry(): FaultyRegistry {
  const memory = memoryRegistry();
  const asked: string[] = [];
  let fault: Fault | undefined;
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    fetch: async (request) => {
      asked.push(`${request.method} ${new URL(request.url).pathname}`);
      return (await fault?.(request)) ?? (await dispatch(request, memory.options));
    },
  });
  const url = new URL(`http://127.0.0.1:${server.port}`);
  const store = { ...memory.driver, now: Date.now, uuid: () => crypto.randomUUID() };
  const client = new RegistryClient({
    host: url.host,
    url,
    ca: undefined,
    realms: "any",
    credentials: async () => undefined,
    resolve: async () => ["127.0.0.1"],
    isProxied: () => false,
    answerMs: 10_000,
    now: Date.now,
    report: () => undefined,
  });
  const api = new RegistryApi(client, impatient);
  return {
    host: url.host,
    url,
    stock: { store, registry: memory.registry, wait: () => {} },
    asked,
    fail: (next) => {
      fault = next;
    },
    repository: (name) => ({ api, name: named(name), patience: impatient, now: Date.now }),
    [Symbol.asyncDispose]: async () => {
      await server.stop(true);
    },
  };
}
