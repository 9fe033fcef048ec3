// The listener of the registry: where it listens, and what it answers requests with.
import { hostname } from "node:os";
import { type ListenAddress, parseListenAddress } from "../../config/listen-address.ts";
import type { Configuration } from "../../config/schema.ts";
import type { DispatchOptions } from "../../http/dispatch.ts";
import { createLimiter } from "../../http/limits.ts";
import type { FindNamespaced } from "../../http/namespace.ts";
import { openPageFiles, type PackedFile, type PageFiles } from "../../http/page-files.ts";
import { probePort, type RunningServer, startServer } from "../../http/server.ts";
import { compileNetworks } from "../../lib/networks.ts";
import { trimTrailingSlashes } from "../../lib/trailing-slashes.ts";
import type { AccessLog } from "../../log/access-log.ts";
import type { Logger } from "../../log/logger.ts";
import type { Registry } from "../../registry/registry.ts";
import type { Tracer } from "../../tracing/tracer.ts";
import type { SwitchedAccess } from "../access/switched-access.ts";
import type { CertificateSource } from "../certificates/certificate-source.ts";
import { defaultNames } from "../certificates/host-names.ts";
import type { Monitoring } from "../observe/monitoring.ts";
import { explainListening, StartError } from "../start-error.ts";
import { interruptCalls } from "./interrupt-calls.ts";
import { limitsOf } from "./limits.ts";
import { openApi, type ReadApiDependencies } from "./open-api.ts";
import { describeAddress } from "./server-address.ts";
import { steerToLater } from "./steer-connections.ts";

/** Checked first: a server that cannot listen should not create a directory or a certificate. */
export function findAddress({ http: { addr } }: Configuration): ListenAddress {
  const address = parseListenAddress(addr);
  if (address === undefined)
    throw new StartError(`${addr} is not an address to listen on, such as :5000 or 127.0.0.1:5000`);
  explainListening(addr, () => probePort(address));
  return address;
}

/** What a listener needs of a certificate. */
export interface ListeningCertificate extends Pick<CertificateSource, "material"> {
  readonly authority: { pem(): string } | undefined;
}

/** Of how many processes that listen at the address this is one. */
export interface PortSharing {
  readonly processes: number;
  /** Whether others listen there already; otherwise the port must be free. */
  readonly isPortShared: boolean;
}

/** One that has the port for itself. */
export const unshared: PortSharing = { processes: 1, isPortShared: false };

/** What answers requests, and where. */
export interface ListeningDependencies extends Omit<ReadApiDependencies, "certificate"> {
  readonly address: ListenAddress;
  readonly sharing: PortSharing;
  readonly registry: Registry;
  readonly findNamespaced: FindNamespaced | undefined;
  /** Undefined: plain HTTP. */
  readonly certificate: ListeningCertificate | undefined;
  readonly access: SwitchedAccess;
  readonly monitoring: Monitoring;
  readonly logger: Logger;
  readonly accessLog: AccessLog | undefined;
  readonly tracer: Tracer;
}

/** Listens, or throws a StartError. */
export function listen(configuration: Configuration, dependencies: ListeningDependencies): RunningServer {
  const { http } = configuration;
  const { address, certificate } = dependencies;
  const idleSeconds = Math.ceil(http.limits.idletimeout / 1000);
  const { processes, isPortShared } = dependencies.sharing;
  // Of several processes, the supervisor knows how many listeners there are; all of them wait until it has steered.
  const steering = processes === 1 ? steerToLater : () => true;
  const sockets = { steerToLater: steering, keepCallsShort: interruptCalls };
  const how = { ...address, ...sockets, isPortShared, tls: certificate?.material(), idleSeconds };
  return explainListening(http.addr, () => startServer(how, optionsOf(configuration, dependencies)));
}

function optionsOf(configuration: Configuration, dependencies: ListeningDependencies): DispatchOptions {
  const { http, storage, catalog, tags } = configuration;
  const { registry, findNamespaced, certificate, access, monitoring, logger, accessLog, tracer, sharing } =
    dependencies;
  return {
    registry,
    findNamespaced,
    api: openApi(configuration, dependencies),
    isTrustedProxy: compileNetworks(http.trustedproxies),
    access: access.now,
    health: monitoring.health,
    watch: monitoring.watch,
    logger,
    accessLog,
    tracer,
    switches: {
      isDeleteEnabled: storage.delete.enabled,
      isReadOnly: storage.maintenance.readonly.enabled,
    },
    host: http.relativeurls || http.host === undefined ? undefined : trimTrailingSlashes(http.host),
    prefix: http.prefix,
    headers: http.headers,
    pages: { maxCatalogItems: catalog.maxentries, maxTagItems: tags.maxtags },
    limiter: createLimiter(limitsOf(http.limits, sharing.processes), () => performance.now()),
    caCertificate: () => certificate?.authority?.pem(),
    page: builtPageFiles(),
  };
}

/** Where to connect to the server. */
export function addressOf(
  { http: { addr } }: Configuration,
  { port }: Pick<RunningServer, "port">,
  certificate?: CertificateSource,
) {
  return describeAddress({
    addr,
    port,
    certificateNames: certificate?.description().names.map(({ value }) => value),
    machineNames: defaultNames().map(({ value }) => value),
    hostName: hostname().toLowerCase(),
  });
}

// Stamped in by build.ts; absent when the sources run as they are.
declare const BUILD_PAGE: readonly PackedFile[] | undefined;

/** The files that were built in; undefined if there are none. */
export function builtPageFiles(
  packed = typeof BUILD_PAGE === "undefined" ? undefined : BUILD_PAGE,
): PageFiles | undefined {
  return packed === undefined ? undefined : openPageFiles(packed);
}
