// One request, top to bottom.
import { tokenActions } from "../auth/api-tokens.ts";
import { anonymousCaller, type Caller, formatIdentity } from "../auth/identity.ts";
import type { IsInNetworks } from "../lib/networks.ts";
import { errorCode } from "../lib/system-error.ts";
import type { AccessLog } from "../log/access-log.ts";
import type { Logger } from "../log/logger.ts";
import { RegistryError } from "../oci/errors.ts";
import type { RepositoryName } from "../oci/name.ts";
import type { Actor } from "../registry/actor.ts";
import type { Registry } from "../registry/registry.ts";
import type { Tracer } from "../tracing/tracer.ts";
import { describeRequest, type RequestSource } from "./asked.ts";
import type { AccessControl, Visitor } from "./door.ts";
import { formatError } from "./errors.ts";
import type { Exchange, PageLimits, ReadApi, Switches } from "./exchange.ts";
import { readForwarded } from "./forwarded.ts";
import { handle } from "./handle.ts";
import { type HealthView, refuseUnhealthy } from "./health.ts";
import { type Limiter, refuseLongHead } from "./limits.ts";
import { applyNamespace, type FindNamespaced, type NamespacedRoute } from "./namespace.ts";
import { needOf } from "./needs.ts";
import { sessionOwner } from "./open-sessions.ts";
import type { PageFiles } from "./page-files.ts";
import { parseUrl } from "./path.ts";
import { requestIdOf } from "./request-id.ts";
import { describeFailure, logRequest } from "./request-log.ts";
import { endingOf } from "./request-span.ts";
import { describeEnd, type WatchRequest } from "./request-watch.ts";
import { parseRoute, type Route } from "./route.ts";
import { refuseSwitchedOff } from "./switches.ts";

/** What the server knows besides the request. */
export interface DispatchOptions {
  readonly registry: Registry;
  readonly logger: Logger;
  /** Undefined if there is none. */
  readonly accessLog?: AccessLog | undefined;
  /** Undefined: traces of callers are not taken over. */
  readonly tracer?: Tracer | undefined;
  readonly switches: Switches;
  /** What the read API answers from. */
  readonly api: ReadApi;
  /** Scheme and host for links; undefined for relative ones. */
  readonly host: string | undefined;
  /** The prefix of every path: "/" or "/some/where/". */
  readonly prefix: string;
  /** Headers for every response; they replace ours of the same name. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly limiter: Limiter;
  readonly pages: PageLimits;
  /** Read for each request, since the certificate may be renewed. */
  readonly caCertificate: () => string | undefined;
  /** Whose forwarded headers are believed; undefined: none. */
  readonly isTrustedProxy?: IsInNetworks | undefined;
  /** Read for each request, since users may come; undefined: everybody may do everything. */
  readonly access?: (() => AccessControl | undefined) | undefined;
  /** Maps a repository of another registry to ours; undefined if no other registry is cached. */
  readonly findNamespaced?: FindNamespaced | undefined;
  /** What the registry's checks found; undefined: nothing is checked. */
  readonly health?: HealthView | undefined;
  /** The files of the web page; undefined: browsers get the same line of text as everybody else. */
  readonly page?: PageFiles | undefined;
  /** Counts requests; undefined: they are not counted. */
  readonly watch?: WatchRequest | undefined;
  /** Whether the process is out of file descriptors, so that the client should try again. */
  readonly isOverloaded?: () => boolean;
}

/** The other end of the connection. */
interface Peer {
  readonly address?: string | undefined;
  readonly port?: number | undefined;
}

/** Answers a request. Never throws: whatever is thrown below becomes an error response. */
export async function dispatch(request: Request, options: DispatchOptions, peer: Peer = {}): Promise<Response> {
  const { tracer, watch } = options;
  const trace = tracer?.begin(request.headers);
  // 1. An identifier for the request.
  const requestId = requestIdOf(request.headers, () => crypto.randomUUID());
  const startedMs = performance.now();
  const { remote, origin } = readForwarded(request.headers, {
    remote: peer.address,
    isTrusted: options.isTrustedProxy,
  });
  const findings: Findings = { found: undefined, caller: anonymousCaller, ended: undefined };
  let response: Response;
  let failure: unknown;
  try {
    const handling = async () => {
      // 2. to 4. in a function of their own.
      const { exchange, route } = await admit(request, findings, { options, requestId, peer, remote, origin });
      // 5. Do it.
      return handle(exchange, route);
    };
    response = await (tracer === undefined || trace === undefined ? handling() : tracer.within(trace, handling));
  } catch (error) {
    // 8. Refusals and failures.
    failure = error;
    response = formatError(error);
  }
  const { found, caller } = findings;
  // 6. Headers of every response.
  if (found?.ns !== undefined) response.headers.set("OCI-Namespace", found.ns);
  setCommonHeaders(response.headers, requestId, options.headers);
  // 7. One line in each log.
  const durationMs = performance.now() - startedMs;
  (findings.ended ?? watch?.(undefined))?.(describeEnd(request, { response, failure, durationMs }));
  logRequest(options, { request, remote, response, requestId, caller, failure, durationMs, trace });
  const { status } = response;
  if (trace !== undefined)
    tracer?.end(trace, () => endingOf({ request, route: found?.route, status, requestId, remote }));
  return response;
}

/** What becomes known of a request on its way, also of one that is refused. */
interface Findings {
  found: NamespacedRoute | undefined;
  caller: Caller;
  /** Ends its measurement. */
  ended: ReturnType<WatchRequest> | undefined;
}

interface Known {
  readonly options: DispatchOptions;
  readonly requestId: string;
  readonly peer: Peer;
  readonly remote: string | undefined;
  /** Scheme and host that a trusted proxy tells. */
  readonly origin: string | undefined;
}

/** What a handler gets; throws if the request may not be handled. */
async function admit(
  request: Request,
  findings: Findings,
  known: Known,
): Promise<{ readonly exchange: Exchange; readonly route: Route }> {
  const { options, requestId, remote, peer } = known;
  // 2. What is requested.
  if (options.isOverloaded?.() === true) throw overloaded();
  refuseLongHead(request, options.limiter.limits);
  const url = parseUrl(request);
  const { pathname: path, searchParams: query } = url;
  const parsed = parseRoute({ method: request.method, path, query, prefix: options.prefix });
  const found = applyNamespace(parsed, query, options.findNamespaced);
  const { route } = found;
  findings.found = found;
  findings.ended = options.watch?.(route.kind);
  refuseUnhealthy(route, options.health);
  // 3. Who asks.
  const base = `${options.host ?? known.origin ?? url.origin}${options.prefix}`;
  const authorization = request.headers.get("authorization");
  const visitor: Visitor = { authorization, remote: remote ?? "", origin: base, need: needOf(route) };
  const access = options.access?.();
  if (access !== undefined) findings.caller = await access.door.identify(visitor);
  const { caller } = findings;
  // 4. Whether it is allowed.
  access?.door.admit(visitor, caller);
  refuseSwitchedOff(route, options.switches);
  const source = { remote, peer: peer.address, port: peer.port, base };
  return { exchange: exchangeOf(request, { caller, access, requestId, source, options }), route };
}

function goneMeanwhile(): RegistryError {
  return new RegistryError("UNAVAILABLE", { message: "the content was deleted meanwhile", retryAfterSeconds: 1 });
}

function overloaded(): RegistryError {
  return new RegistryError("UNAVAILABLE", { message: "the registry has too many connections", retryAfterSeconds: 1 });
}

/** The answer to a failure after dispatch: Bun opens the file of a body only when it sends it. */
export function answerFailure(error: unknown, { logger, headers }: DispatchOptions): Response {
  const requestId = crypto.randomUUID();
  // A deletion and a collection without a grace may come between the look at a blob and its sending.
  const isGone = errorCode(error) === "ENOENT";
  const response = formatError(isGone ? goneMeanwhile() : error);
  setCommonHeaders(response.headers, requestId, headers);
  const fields = { id: requestId, status: response.status, error: describeFailure(error) };
  if (isGone) logger.info("the content was deleted before it was sent", fields);
  else logger.error("sending failed", fields);
  return response;
}

interface Admitted {
  readonly caller: Caller;
  readonly requestId: string;
  readonly access: AccessControl | undefined;
  readonly source: RequestSource;
  readonly options: DispatchOptions;
}

/** What costs something and few handlers want is found out when it is asked for. */
function exchangeOf(request: Request, { caller, access, requestId, source, options }: Admitted): Exchange {
  const { remote = "" } = source;
  const { registry, limiter, pages, host, prefix } = options;
  const { door, answerTokenRequest } = access ?? {};
  const { base: origin } = source;
  const actor = actorOf(request, { caller, requestId, source });
  return {
    request,
    registry,
    repository: (name) => registry.repository(name, actor),
    // Without a repository to mount from, any that has the blob would do: with access control, none is chosen.
    mayMountFrom: (name) => door === undefined || (name !== undefined && door.mayPull(caller, name)),
    maySee: door === undefined ? undefined : (name) => door.maySee(caller, name),
    limiter,
    get sessionOwner() {
      return sessionOwner(caller, remote);
    },
    pages,
    base: `${host ?? ""}${prefix}`,
    prefix,
    caCertificate: options.caCertificate(),
    page: options.page,
    tokenServer: answerTokenRequest === undefined ? door?.tokenServer(origin) : `${prefix}auth/token`,
    api: options.api,
    get rights() {
      return {
        identity: caller.identity,
        login: door?.describeLogin(origin),
        seesEverything: door?.seesEverything(caller) ?? true,
        actionsOn: (name: RepositoryName) => door?.actionsOn(caller, name) ?? tokenActions,
      };
    },
    switches: options.switches,
    origin,
    isReady: options.health?.isReady() ?? true,
    answerTokenRequest: answerTokenRequest === undefined ? undefined : (asked) => answerTokenRequest(asked, remote),
  };
}

function actorOf(
  request: Request,
  { caller, requestId, source }: Pick<Admitted, "caller" | "requestId" | "source">,
): Actor {
  return {
    name: formatIdentity(caller.identity),
    requestId,
    remote: source.remote ?? "",
    get asked() {
      return describeRequest(request, source);
    },
  };
}

function setCommonHeaders(headers: Headers, requestId: string, configured: DispatchOptions["headers"]): void {
  headers.set("Docker-Distribution-Api-Version", "registry/2.0");
  headers.set("X-Content-Type-Options", "nosniff");
  headers.set("X-Request-Id", requestId);
  for (const name in configured) headers.set(name, (configured[name] ?? []).join(", "));
}
