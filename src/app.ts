// Composition: from a configuration to a running server.

import { hostname } from "node:os";
import { join } from "node:path";
import type { OpenedAccess } from "./app/access/open-access.ts";
import { openSwitchedAccess, type SwitchedAccess } from "./app/access/switched-access.ts";
import type { CertificateSource } from "./app/certificates/certificate-source.ts";
import { openCertificates } from "./app/certificates/certificates.ts";
import { defaultNames } from "./app/certificates/host-names.ts";
import { createRenewal } from "./app/certificates/renewal.ts";
import { composeRegistry } from "./app/compose-registry.ts";
import { watchDescriptors } from "./app/listening/descriptors.ts";
import { limitsOf, orNone } from "./app/listening/limits.ts";
import { describeAddress } from "./app/listening/server-address.ts";
import { steerToLater } from "./app/listening/steer-connections.ts";
import { openNotifications } from "./app/notifications/open-notifications.ts";
import { openDebugListener } from "./app/observe/debug-listener.ts";
import { startHealthChecks } from "./app/observe/health-checks.ts";
import { withLoginMetrics } from "./app/observe/login-metrics.ts";
import { type Monitoring, openMonitoring } from "./app/observe/monitoring.ts";
import { noteLoginIn, openAudit, withAudit } from "./app/observe/open-audit.ts";
import { levelOf, openLogs } from "./app/observe/open-logs.ts";
import { openTracing } from "./app/observe/open-tracing.ts";
import { explainListening, StartError } from "./app/start-error.ts";
import { startChores } from "./app/store/chores.ts";
import { openStore } from "./app/store/open-store.ts";
import { type ListenAddress, parseListenAddress } from "./config/listen-address.ts";
import type { LoadedConfiguration } from "./config/load.ts";
import type { Configuration } from "./config/schema.ts";
import type { Health } from "./http/health.ts";
import { createLimiter } from "./http/limits.ts";
import type { FindNamespaced } from "./http/namespace.ts";
import { probePort, type RunningServer, startServer } from "./http/server.ts";
import { compileNetworks } from "./lib/networks.ts";
import { trimTrailingSlashes } from "./lib/trailing-slashes.ts";
import type { AccessLog } from "./log/access-log.ts";
import type { LineStream } from "./log/line-output.ts";
import type { Logger } from "./log/logger.ts";
import type { Registry } from "./registry/registry.ts";
import type { Tracer } from "./tracing/tracer.ts";

/** What the app needs from its process. */
export interface AppSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Where the log goes. */
  readonly logStream: LineStream;
  /** Where the access log goes. */
  readonly accessStream: LineStream;
  /** Writes to standard output. */
  readonly print: (text: string) => void;
}

/** A running registry. */
export interface App {
  readonly configuration: Configuration;
  /** Scheme, host and port for this machine. */
  readonly url: string;
  /** Host and port for other machines; undefined where only this machine can connect. */
  readonly remoteHost: string | undefined;
  readonly dataDirectory: string;
  /** Undefined: plain HTTP. */
  readonly certificate: CertificateSource | undefined;
  /** Whether there is a configuration file. */
  readonly isConfigured: boolean;
  /** At the start; undefined: everybody may do everything. */
  readonly access: OpenedAccess | undefined;
  readonly logger: Logger;
  /**
   * Takes over `log.level`, the rules of `access` and the keys of `auth.token` from a configuration that was read again, and
   * users of a data directory that had none.
   */
  reload(changed: Configuration): Promise<void>;
  /** Reads or makes the certificate again where that is due. */
  renewCertificate(): Promise<void>;
  /** Finishes requests in flight within `http.draintimeout`, and stops. */
  stop(): Promise<void>;
}

/** Starts everything; throws a StartError that tells the operator what is in the way. */
export async function startApp(loaded: LoadedConfiguration, surroundings: AppSurroundings): Promise<App> {
  const { configuration } = loaded;
  const { env, now } = surroundings;
  const { logger, accessLog } = openLogs(loaded, surroundings);
  const address = findAddress(configuration);
  const warn = (warning: string) => logger.warn(warning);
  const opened = await openStore(configuration, { env, now, warn });
  const { dataDirectory } = opened;
  const monitoring = openMonitoring(configuration, { logger, now });
  const { metrics, health } = monitoring;
  const store = monitoring.watchStore(opened.store);
  const certificate = await openCertificates(configuration.http.tls, { directory: join(dataDirectory, "tls"), now });
  if (certificate?.made !== undefined) logger.info(certificate.made);
  for (const warning of certificate?.warnings ?? []) logger.warn(warning);
  const audit = await openAudit(configuration.log.audit, { logger, now, print: surroundings.print });
  const [hasFile, noteLogin] = [loaded.path !== undefined, withLoginMetrics(noteLoginIn(audit), metrics)];
  const access = await openSwitchedAccess(configuration, { dataDirectory, logger, now, hasFile, noteLogin });
  const { tracer, ...tracing } = openTracing({ env, logger });
  const hasOwners = () => access.now() !== undefined;
  const parts = { env, tracer, store, dataDirectory, hasOwners, metrics, logger };
  const composed = composeRegistry(configuration, parts);
  const notifications = openNotifications(configuration, parts);
  const registry = notifications.wrap(withAudit(composed.registry, audit));
  const { findNamespaced } = composed;
  const server = listen(configuration, {
    address,
    registry,
    findNamespaced,
    certificate,
    access,
    monitoring,
    logger,
    accessLog,
    tracer,
  });
  const renewCertificate = createRenewal(certificate, { server, logger });
  const debugListener = openDebugListener(configuration, { health, metrics, logger });
  const chores = [
    ...startChores(configuration, { store, renew: renewCertificate, logger, metrics: monitoring.chores }),
    watchDescriptors({ server, logger, maxConnections: orNone(configuration.http.limits.connections) }),
    composed.start(),
    ...startHealthChecks(configuration.health, { health, checkStore: composed.registry.checkReady, logger }),
  ];
  return {
    configuration,
    ...addressOf(configuration, server, certificate),
    dataDirectory,
    certificate,
    isConfigured: hasFile,
    access: access.now(),
    logger,
    renewCertificate,
    reload: async (changed) => {
      logger.setLevel(levelOf(changed));
      await access.reload(changed);
    },
    stop: () => {
      const outward = [debugListener, tracing].filter((each) => each !== undefined);
      return stopAll({ chores, health, server, notifications, outward, logger }, configuration.http.draintimeout);
    },
  };
}

interface RunningParts {
  readonly chores: readonly Disposable[];
  readonly health: Health;
  readonly server: RunningServer;
  readonly notifications: { stop(leftMs: number): Promise<void> };
  /** What tells others of the last requests, and so ends last. */
  readonly outward: readonly { stop(): Promise<void> }[];
  readonly logger: Logger;
}

/** Readiness goes first, then requests in flight finish, then what they left to be told. */
async function stopAll({ chores, health, server, notifications, outward, logger }: RunningParts, drainMs: number) {
  health.beginStopping();
  for (const chore of chores) chore[Symbol.dispose]();
  const endMs = performance.now() + drainMs;
  const count = await server.stop(drainMs);
  if (count > 0) logger.warn("requests were cut off because they took longer than http.draintimeout", { count });
  await notifications.stop(endMs - performance.now());
  for (const each of outward) await each.stop();
}

function addressOf({ http: { addr } }: Configuration, { port }: RunningServer, certificate?: CertificateSource) {
  return describeAddress({
    addr,
    port,
    certificateNames: certificate?.description().names.map(({ value }) => value),
    machineNames: defaultNames().map(({ value }) => value),
    hostName: hostname().toLowerCase(),
  });
}

function listen(
  { http, storage, catalog, tags }: Configuration,
  means: {
    readonly address: ListenAddress;
    readonly registry: Registry;
    readonly findNamespaced: FindNamespaced | undefined;
    readonly certificate: CertificateSource | undefined;
    readonly access: SwitchedAccess;
    readonly monitoring: Monitoring;
    readonly logger: Logger;
    readonly accessLog: AccessLog | undefined;
    readonly tracer: Tracer;
  },
): RunningServer {
  const { address, registry, findNamespaced, certificate, access, monitoring, logger, accessLog, tracer } = means;
  return explainListening(http.addr, () =>
    startServer(
      {
        ...address,
        tls: certificate?.material(),
        idleSeconds: Math.ceil(http.limits.idletimeout / 1000),
        steerToLater,
      },
      {
        registry,
        findNamespaced,
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
        limiter: createLimiter(limitsOf(http.limits), () => performance.now()),
        caCertificate: () => certificate?.authority?.pem(),
      },
    ),
  );
}

/** Checked first: a server that cannot listen should not create a directory or a certificate. */
function findAddress({ http: { addr } }: Configuration): ListenAddress {
  const address = parseListenAddress(addr);
  if (address === undefined)
    throw new StartError(`${addr} is not an address to listen on, such as :5000 or 127.0.0.1:5000`);
  explainListening(addr, () => probePort(address));
  return address;
}
