// The listening server: Bun.serve with the limits of a registry, and certificate replacement without downtime.
import { constants } from "node:crypto";
import { answerFailure, type DispatchOptions, dispatch } from "./dispatch.ts";
import { LongSending } from "./long-sending.ts";

/** A certificate with its key, in PEM. */
export interface TlsMaterial {
  readonly certificate: string;
  readonly key: string;
  readonly minimum: "tls1.2" | "tls1.3";
  /** Authorities in PEM, of one of which every caller must have a certificate; undefined: none is needed. */
  readonly clientAuthorities?: string;
  /** What TLS 1.2 offers, by OpenSSL's names; if absent, everything with forward secrecy and without CBC. */
  readonly cipherSuites?: readonly string[];
}

/** Where and how to listen. */
export interface ListenOptions {
  /** Undefined: all addresses. */
  readonly hostname: string | undefined;
  /** 0: any free port. */
  readonly port: number;
  /** Undefined: plain HTTP. */
  readonly tls: TlsMaterial | undefined;
  /** How long a connection may idle, in either direction; 255 s if absent. */
  readonly idleSeconds?: number;
  /** Whether other processes of ours listen there already; otherwise the port must be free. */
  readonly isPortShared?: boolean;
  /** Lets the later of two listeners on a port have all new connections; false, or absent, if that cannot be done. */
  readonly steerToLater?: (port: number) => boolean;
  /** Keeps calls of the system that send a file short, until disposed of; absent: they take what they take. */
  readonly keepCallsShort?: () => Disposable;
}

/**
 * How many more files and connections can be opened: enough; hardly any; so few that requests are refused; so few that
 * connections are.
 */
export const rooms = ["enough", "little", "full", "none"] as const;

/** One of them. */
export type Room = (typeof rooms)[number];

/** A server that accepts connections. */
export interface RunningServer {
  readonly port: number;
  /**
   * Does with the room that there is. With little, connections end with their request. If it is full, requests are to be
   * tried again, and connections that have not sent any are cut if that is possible. With none, connections are refused
   * until there is enough again.
   */
  adapt(room: Room): void;
  /** Serves new connections with another certificate; requests in flight finish with the old one. */
  replaceCertificate(tls: TlsMaterial): void;
  /**
   * Accepts nothing new, waits for requests in flight, cuts off the rest after `drainMs` and returns how many those
   * were.
   */
  stop(drainMs: number): Promise<number>;
}

/** The handshake of TCP over a slow line. */
const lingerMs = 1000;
/** Bun's maximum. Uploads have a watchdog of their own, since Bun counts a slow body as idle. */
const defaultIdleSeconds = 255;
const bodyMethods = ["POST", "PUT", "PATCH"];

/** What is retired may have long requests to finish, and costs little, but not nothing. */
const maxRetired = 8;
/** So long it may be full before connections without a request are cut. */
const fullMs = 500;

type Server = ReturnType<typeof serve>;

/** Listens, or throws the system's error (EADDRINUSE, EACCES, EADDRNOTAVAIL). */
export function startServer(listen: ListenOptions, options: DispatchOptions): RunningServer {
  if (listen.isPortShared !== true) probePort(listen);
  return new Listener(listen, options);
}

/** One Bun server that accepts connections, or for a moment none, and those that only finish their requests. */
class Listener implements RunningServer {
  readonly port: number;
  readonly #options: ServeOptions;
  #listen: ListenOptions;
  /** Undefined while connections are refused. */
  #current: Server | undefined;
  readonly #retired = new Set<Server>();
  /** The end of a listener whose certificate was replaced a moment ago. */
  #lingering: Disposable | undefined;
  readonly #longSending: LongSending | undefined;
  #room: Room = "enough";
  /** Since when it has been full, without a break. */
  #fullSinceMs = performance.now();

  constructor(listen: ListenOptions, options: DispatchOptions) {
    const { keepCallsShort, tls } = listen;
    // Over TLS the runtime reads the file piece by piece.
    if (keepCallsShort !== undefined && tls === undefined) {
      this.#longSending = new LongSending({ keepCallsShort, isSending: () => this.#isAnswering() });
    }
    this.#options = {
      ...options,
      isOverloaded: () => this.#room === "full" || this.#room === "none",
      room: () => this.#room,
      longSending: this.#longSending,
    };
    this.#current = serve(listen, this.#options);
    this.port = this.#current.port ?? listen.port;
    this.#listen = { ...listen, port: this.port };
  }

  replaceCertificate(tls: TlsMaterial): void {
    this.#listen = { ...this.#listen, tls };
    if (this.#current === undefined) return;
    // First, since the system numbers listeners anew when one of them closes.
    this.#endLingering();
    const next = serve(this.#listen, this.#options);
    const old = this.#current;
    this.#current = next;
    this.#retired.add(old);
    // When a listener closes, the system resets what waits to be accepted, so if it can that is accepted first.
    if (this.#listen.steerToLater?.(this.port) === true) this.#lingering = this.#linger(old);
    else this.#retire(old);
  }

  adapt(room: Room): void {
    this.#room = room;
    if (room !== "full") this.#fullSinceMs = performance.now();
    if (room === "enough") {
      this.#current ??= serve(this.#listen, this.#options);
      return;
    }
    this.#endLingering();
    this.#current?.closeIdleConnections();
    if (room === "none" && this.#current !== undefined) {
      this.#retire(this.#current);
      this.#current = undefined;
    }
    if (room === "full" && this.#mustRenew()) this.#renew();
    // Only connections that have sent no request are left: Bun would wait for them.
    for (const server of this.#retired) if (server.pendingRequests === 0) void server.stop(true);
  }

  /**
   * A connection without a request can be cut only with the server that has accepted it. That may cost others in the
   * middle of their handshake, so it is for those that closing idle connections has not helped against.
   */
  #mustRenew(): boolean {
    return performance.now() - this.#fullSinceMs >= fullMs && this.#retired.size < maxRetired;
  }

  #renew(): void {
    const next = serve(this.#listen, this.#options);
    if (this.#current !== undefined) this.#retire(this.#current);
    this.#current = next;
    this.#fullSinceMs = performance.now();
  }

  /** The listener stays for connections that it was promised before others were steered away from it. */
  #linger(server: Server): Disposable {
    const end = () => {
      clearTimeout(timer);
      this.#lingering = undefined;
      this.#retire(server);
    };
    const timer = setTimeout(end, lingerMs);
    timer.unref();
    return { [Symbol.dispose]: end };
  }

  #isAnswering(): boolean {
    return [this.#current, ...this.#retired].some((server) => server !== undefined && server.pendingRequests > 0);
  }

  #endLingering(): void {
    this.#lingering?.[Symbol.dispose]();
  }

  #retire(server: Server): void {
    this.#retired.add(server);
    void server.stop().finally(() => this.#retired.delete(server));
  }

  async stop(drainMs: number): Promise<number> {
    this.#endLingering();
    const all = [...(this.#current === undefined ? [] : [this.#current]), ...this.#retired];
    let cutCount = 0;
    const cut = (server: Server) => {
      cutCount += server.pendingRequests;
      void server.stop(true);
    };
    const timer = setTimeout(() => all.forEach(cut), drainMs);
    await Promise.all(all.map((server) => server.stop()));
    clearTimeout(timer);
    this.#longSending?.[Symbol.dispose]();
    return cutCount;
  }
}

/**
 * Throws the system's error if the address cannot be bound. A port must never be shared by accident, but the server
 * has to listen with reusePort, or its certificate could not be replaced; so a plain bind first tells whether the port
 * is free.
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

interface ServeOptions extends DispatchOptions {
  readonly room: () => Room;
  readonly longSending: LongSending | undefined;
}

function serve({ hostname, port, tls, idleSeconds = defaultIdleSeconds }: ListenOptions, options: ServeOptions) {
  return Bun.serve({
    ...(hostname === undefined ? {} : { hostname }),
    port,
    reusePort: true,
    idleTimeout: idleSeconds,
    // The limits are ours: 4 MiB for manifests, none for blobs.
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    // Bun's default shows source code to clients.
    development: false,
    ...(tls === undefined ? {} : { tls: tlsOptions(tls) }),
    fetch: async (request, server) => {
      // A listener on every interface sees IPv4 addresses in their IPv6 form.
      const peer = server.requestIP(request);
      const address = peer?.address.replace(/^::ffff:/, "");
      const hasBody = bodyMethods.includes(request.method);
      if (hasBody) server.timeout(request, 0);
      const response = await dispatch(request, options, { address, port: peer?.port });
      // Otherwise the connection would stay for ever: the timeout belongs to the connection, not to the request.
      if (hasBody) server.timeout(request, idleSeconds);
      if (options.room() !== "enough") response.headers.set("Connection", "close");
      options.longSending?.note(response);
      return response;
    },
    error: (error) => answerFailure(error, options),
  });
}

/** For TLS 1.2: forward secrecy and no CBC; TLS 1.3 has nothing else. */
const defaultCipherSuites = [
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
];

function tlsOptions({ certificate, key, minimum, clientAuthorities: ca, cipherSuites }: TlsMaterial) {
  const ciphers = (cipherSuites ?? defaultCipherSuites).join(":");
  const secureOptions = minimum === "tls1.3" ? constants.SSL_OP_NO_TLSv1_2 : 0;
  const clients = ca === undefined ? {} : { ca, requestCert: true, rejectUnauthorized: true };
  return { cert: certificate, key, ciphers, ...clients, ...(secureOptions === 0 ? {} : { secureOptions }) };
}
