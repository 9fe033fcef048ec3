// The listening server: Bun.serve with the limits of a registry, and an exchange of the certificate without a stop.
import { constants } from "node:crypto";
import { answerFailure, type DispatchOptions, dispatch } from "./dispatch.ts";

/** A certificate with its key, in PEM. */
export interface TlsMaterial {
  readonly certificate: string;
  readonly key: string;
  readonly minimum: "tls1.2" | "tls1.3";
}

/** Where and how to listen. */
export interface ListenOptions {
  /** Undefined: all addresses. */
  readonly hostname: string | undefined;
  /** 0: any free port. */
  readonly port: number;
  /** Undefined: plain HTTP. */
  readonly tls: TlsMaterial | undefined;
  /** How long a connection may be without a byte in either direction; 255 s where absent. */
  readonly idleSeconds?: number;
}

/** A server that accepts connections. */
export interface RunningServer {
  readonly port: number;
  /** Serves new connections with another certificate; requests in flight are finished with the old one. */
  replaceCertificate(tls: TlsMaterial): void;
  /** Accepts nothing new, waits for the requests in flight, and cuts what is left after `drainMs`; how many those are. */
  stop(drainMs: number): Promise<number>;
}

/** Bun's limit. Uploads have their own watchdog, as Bun counts a slow body as none. */
const defaultIdleSeconds = 255;
const bodyMethods = ["POST", "PUT", "PATCH"];

type Server = ReturnType<typeof serve>;

/** Listens, or throws the system's error (EADDRINUSE, EACCES, EADDRNOTAVAIL). */
export function startServer(listen: ListenOptions, options: DispatchOptions): RunningServer {
  probePort(listen);
  let current = serve(listen, options);
  const port = current.port ?? listen.port;
  /** Those with earlier certificates that still finish requests. */
  const retired = new Set<Server>();
  return {
    port,
    replaceCertificate: (tls) => {
      const old = current;
      current = serve({ ...listen, port, tls }, options);
      retired.add(old);
      void old.stop().finally(() => retired.delete(old));
    },
    stop: async (drainMs) => {
      const all = [current, ...retired];
      let cutCount = 0;
      const cut = (server: Server) => {
        cutCount += server.pendingRequests;
        void server.stop(true);
      };
      const timer = setTimeout(() => all.forEach(cut), drainMs);
      await Promise.all(all.map((server) => server.stop()));
      clearTimeout(timer);
      return cutCount;
    },
  };
}

/**
 * Throws the system's error where the address cannot be listened on. Sharing a port must never happen by accident. The
 * server has to listen with reusePort, or its certificate could not be replaced; so whether the port is free is found
 * by a plain bind first.
 */
export function probePort({ hostname, port }: Pick<ListenOptions, "hostname" | "port">): void {
  if (port === 0) return;
  const probe = Bun.serve({
    ...(hostname === undefined ? {} : { hostname }),
    port,
    fetch: () => new Response(null, { status: 503 }),
  });
  void probe.stop(true);
}

function serve({ hostname, port, tls, idleSeconds = defaultIdleSeconds }: ListenOptions, options: DispatchOptions) {
  return Bun.serve({
    ...(hostname === undefined ? {} : { hostname }),
    port,
    reusePort: true,
    idleTimeout: idleSeconds,
    // The limits are ours: 4 MiB for manifests, none for blobs.
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    // Bun's default shows source code to callers.
    development: false,
    ...(tls === undefined ? {} : { tls: tlsOptions(tls) }),
    fetch: async (request, server) => {
      // Who listens on every interface sees IPv4 addresses in their IPv6 form.
      const remote = server.requestIP(request)?.address.replace(/^::ffff:/, "");
      if (!bodyMethods.includes(request.method)) return dispatch(request, options, remote);
      server.timeout(request, 0);
      const response = await dispatch(request, options, remote);
      // Else the connection would stay for ever: the timeout is the connection's, not the request's.
      server.timeout(request, idleSeconds);
      return response;
    },
    error: (error) => answerFailure(error, options),
  });
}

function tlsOptions({ certificate, key, minimum }: TlsMaterial) {
  const secureOptions = minimum === "tls1.3" ? constants.SSL_OP_NO_TLSv1_2 : 0;
  return { cert: certificate, key, ...(secureOptions === 0 ? {} : { secureOptions }) };
}
