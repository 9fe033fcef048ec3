// Composition: from a configuration to a running server.

import { join } from "node:path";
import type { OpenedAccess } from "./app/access/open-access.ts";
import { SigningKeyFile } from "./app/access/signing-key-file.ts";
import { type Answering, openAnswering, spawnPlanned } from "./app/answering.ts";
import type { CertificateSource } from "./app/certificates/certificate-source.ts";
import { openCertificates } from "./app/certificates/certificates.ts";
import { createRenewal } from "./app/certificates/renewal.ts";
import { shareAuthority } from "./app/certificates/shared-authority.ts";
import type { ComposedRegistry } from "./app/compose-registry.ts";
import { openFront } from "./app/front.ts";
import { addressOf, findAddress } from "./app/listening/listen.ts";
import { openNotifications } from "./app/notifications/open-notifications.ts";
import { openDebugListener } from "./app/observe/debug-listener.ts";
import { startHealthChecks } from "./app/observe/health-checks.ts";
import { type Monitoring, openMonitoring } from "./app/observe/monitoring.ts";
import { levelOf, openLogs } from "./app/observe/open-logs.ts";
import { explainStoreFailure } from "./app/start-error.ts";
import { startChores } from "./app/store/chores.ts";
import { openStore } from "./app/store/open-store.ts";
import { withoutRemoval } from "./app/store/removal-switch.ts";
import { keepPulling, type SharedFiles } from "./app/store/shared-files.ts";
import { startSync } from "./app/transfers/sync-chore.ts";
import type { SpawnWorker } from "./app/workers/worker-process.ts";
import { refreshSeconds } from "./auth/own-tokens.ts";
import type { LoadedConfiguration } from "./config/load.ts";
import type { Configuration } from "./config/schema.ts";
import type { Health } from "./http/health.ts";
import type { LineStream } from "./log/line-output.ts";
import type { Logger } from "./log/logger.ts";
import { beginCatalog } from "./registry/catalog-entries.ts";
import type { Registry } from "./registry/registry.ts";
import type { Store } from "./registry/store.ts";

/** What the app needs from its process. */
export interface AppDependencies {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Where the log goes. */
  readonly logStream: LineStream;
  /** Where the access log goes. */
  readonly accessStream: LineStream;
  /** Writes to standard output. */
  readonly print: (text: string) => void;
  /** Starts a process that answers requests; if absent, this one answers all of them. */
  readonly spawnWorker?: SpawnWorker | undefined;
}

/** A running registry. */
export interface App {
  readonly configuration: Configuration;
  /** Scheme, host and port for this machine. */
  readonly url: string;
  /** Host and port for other machines; undefined if only this machine can connect. */
  readonly remoteHost: string | undefined;
  /** Of a store in a bucket, the node's own. */
  readonly dataDirectory: string;
  /** Where the data lies, for a person. */
  readonly place: string;
  /** Undefined: plain HTTP. */
  readonly certificate: CertificateSource | undefined;
  /** Whether there is a configuration file. */
  readonly isConfigured: boolean;
  /** How many processes answer requests. */
  readonly processes: number;
  /** At the start; undefined: everybody may do everything. */
  readonly access: OpenedAccess | undefined;
  readonly logger: Logger;
  /**
   * Takes over `log.level`, the rules of `access` and the keys of `auth.token` from a configuration that was read again, and
   * users of a data directory that had none.
   */
  reload(changed: Configuration): Promise<void>;
  /** Reads or makes the certificate again if that is due. */
  renewCertificate(): Promise<void>;
  /** Finishes requests in flight within `http.draintimeout`, and stops. */
  stop(): Promise<void>;
}

/** Where our own certificate is kept, below the directory of the data. */
const tlsPlace = "tls";

/** Starts everything; throws a StartError that tells the operator what is in the way. */
export async function startApp(loaded: LoadedConfiguration, dependencies: AppDependencies): Promise<App> {
  const isConfigured = loaded.path !== undefined;
  const { env, now } = dependencies;
  const { logger, accessLog } = openLogs(loaded, dependencies);
  const address = findAddress(loaded.configuration);
  using ahead = spawnPlanned(loaded.configuration, { hasFile: isConfigured, spawnWorker: dependencies.spawnWorker });
  const storing = { env, now, warn: (line: string) => logger.warn(line) };
  const { dataDirectory, place, shared, secrets, ...opened } = await openStore(loaded.configuration, storing);
  const configuration = opened.mayRemove ? loaded.configuration : withoutRemoval(loaded.configuration);
  const later: { answering?: Answering } = {};
  const monitoring = openMonitoring(configuration, {
    logger,
    now,
    tellHealth: (problems) => later.answering?.noteProblems(problems),
  });
  const { health, metrics } = monitoring;

  if (shared !== undefined) await joinNodes(configuration, shared, { store: opened.store, dataDirectory, now });
  const directory = join(dataDirectory, tlsPlace);
  const certificate = await openCertificates(configuration.http.tls, { directory, now });
  announce(certificate, logger);
  const facts = { hasFile: isConfigured, dataDirectory, shared, monitoring, logger };
  const front = await openFront(configuration, { ...dependencies, ...facts, store: opened.store });
  const { store, access, composed, tracing } = front;
  const instanceId = store.uuid();
  const notified = { store, dataDirectory, secrets, logger, metrics, instanceId };
  const notifications = openNotifications(configuration, notified);
  const answered = { ...facts, address, certificate, front, notifications, instanceId, accessLog };
  const answering = await openAnswering(configuration, { ...answered, spawnWorker: ahead?.spawn });
  later.answering = answering;

  const renewCertificate = createRenewal(certificate, { server: answering, logger });
  const debugListener = openDebugListener(configuration, { health, formatMetrics: answering.formatMetrics, logger });
  const told = notifications.wrap(front.registry);
  const working = { env, store, shared, told, composed, renewCertificate, monitoring, logger };
  const chores = startWork(configuration, working);
  const outward = debugListener === undefined ? [tracing] : [debugListener, tracing];
  const running = { chores, health, answering, notifications, outward, logger };

  const reload = async (changed: Configuration) => {
    logger.setLevel(levelOf(changed));
    await access.reload(changed);
    answering.reload(changed);
  };
  const stop = () => stopAll(running, configuration.http.draintimeout);
  const shown = { configuration, dataDirectory, place, certificate, isConfigured, access: access.now(), logger };
  const { processes } = answering;
  return { ...shown, ...addressOf(configuration, answering, certificate), processes, renewCertificate, reload, stop };
}

/** What a node of several has of its own. */
interface NodeDependencies {
  readonly store: Store;
  readonly dataDirectory: string;
  readonly now: () => number;
}

/** Takes over what the other nodes share: tokens and their keys, and the authority behind a certificate of our own. */
async function joinNodes(
  { http: { tls }, storage }: Configuration,
  shared: SharedFiles,
  { store, dataDirectory, now }: NodeDependencies,
): Promise<void> {
  await explainStoreFailure(async () => {
    if (!storage.maintenance.readonly.enabled) await beginCatalog(store);
    await shared.pull();
    // Before anybody gets a token that another node does not know.
    await new SigningKeyFile(dataDirectory, { now, lifetimeMs: refreshSeconds * 1000, shared }).current();
    const { isOn, key, directory } = tls.selfsigned;
    if (tls.certificate !== undefined || !isOn || directory !== undefined) return;
    await shareAuthority(shared, { directory: join(dataDirectory, tlsPlace), key, nowMs: now() });
  });
}

function announce(certificate: CertificateSource | undefined, logger: Logger): void {
  if (certificate?.made !== undefined) logger.info(certificate.made);
  for (const warning of certificate?.warnings ?? []) logger.warn(warning);
}

interface WorkDependencies {
  readonly env: AppDependencies["env"];
  readonly store: Store;
  readonly shared: SharedFiles | undefined;
  /** With the audit log and notifications. */
  readonly told: Registry;
  readonly composed: ComposedRegistry;
  readonly renewCertificate: () => Promise<void>;
  readonly monitoring: Monitoring;
  readonly logger: Logger;
}

/** What a server does by itself, until it is disposed of. */
function startWork(configuration: Configuration, dependencies: WorkDependencies): readonly Disposable[] {
  const { env, store, shared, told, composed, renewCertificate, monitoring, logger } = dependencies;
  const { health, chores: metrics } = monitoring;
  return [
    ...startChores(configuration, {
      ...{ store, renew: renewCertificate, logger, metrics },
      hasOtherNodes: shared !== undefined,
    }),
    ...(shared === undefined ? [] : [keepPulling(shared, logger)]),
    ...startSync(configuration, { env, store, told, logger, metrics }),
    composed.start(),
    ...startHealthChecks(configuration.health, { health, checkStore: composed.registry.checkReady, logger }),
  ];
}

interface RunningParts {
  readonly chores: readonly Disposable[];
  readonly health: Health;
  readonly answering: Answering;
  readonly notifications: { stop(leftMs: number): Promise<void> };
  /** What tells others of the last requests, and so ends last. */
  readonly outward: readonly { stop(): Promise<void> }[];
  readonly logger: Logger;
}

/** Readiness goes first, then requests in flight finish, then what they left to be told. */
async function stopAll({ chores, health, answering, notifications, outward, logger }: RunningParts, drainMs: number) {
  health.beginStopping();
  for (const chore of chores) chore[Symbol.dispose]();
  const endMs = performance.now() + drainMs;
  const count = await answering.stop(drainMs);
  if (count > 0) logger.warn("requests were cut off because they took longer than http.draintimeout", { count });
  await notifications.stop(endMs - performance.now());
  for (const each of outward) await each.stop();
}
