// What answers requests: this process alone, or workers of it.
import type { ListenAddress } from "../config/listen-address.ts";
import type { Configuration } from "../config/schema.ts";
import type { RunningServer } from "../http/server.ts";
import type { AccessLog } from "../log/access-log.ts";
import type { Logger } from "../log/logger.ts";
import { formatFigures, mergeFigures } from "../metrics/figures.ts";
import type { DecidedAccess } from "./access/open-access.ts";
import type { CertificateSource } from "./certificates/certificate-source.ts";
import type { Front } from "./front.ts";
import { watchDescriptors } from "./listening/descriptors.ts";
import { orNone } from "./listening/limits.ts";
import { listen, unshared } from "./listening/listen.ts";
import type { OpenedNotifications } from "./notifications/open-notifications.ts";
import type { Monitoring } from "./observe/monitoring.ts";
import { type SpawningAhead, spawnAhead } from "./workers/spawn-ahead.ts";
import {
  planWorkers,
  spreadsConnections,
  usableCores,
  usableMemoryBytes,
  type WorkerFacts,
  type WorkerPlan,
} from "./workers/worker-count.ts";
import type { SpawnWorker } from "./workers/worker-process.ts";
import { Workers } from "./workers/workers.ts";

/** Where requests are answered. */
export interface Answering extends Pick<RunningServer, "port" | "replaceCertificate" | "stop"> {
  /** How many processes answer. */
  readonly processes: number;
  /** Lets other processes take over what was read again. */
  reload(changed: Configuration): void;
  /** Tells other processes what is wrong. */
  noteProblems(problems: Readonly<Record<string, string>>): void;
  /** The metrics of all processes. */
  formatMetrics(): Promise<string>;
}

/** What is needed for that. */
export interface AnsweringDependencies {
  readonly address: ListenAddress;
  readonly hasFile: boolean;
  readonly dataDirectory: string;
  readonly certificate: CertificateSource | undefined;
  readonly front: Front;
  readonly notifications: OpenedNotifications;
  readonly instanceId: string;
  readonly monitoring: Monitoring;
  readonly logger: Logger;
  readonly accessLog: AccessLog | undefined;
  /** Undefined if this process cannot start others. */
  readonly spawnWorker: SpawnWorker | undefined;
}

/** Begins to answer; throws a StartError. */
export async function openAnswering(
  configuration: Configuration,
  dependencies: AnsweringDependencies,
): Promise<Answering> {
  const { hasFile, logger, spawnWorker } = dependencies;
  const keepsProcessesApart = dependencies.front.store.changes.keepsProcessesApart();
  const { count, warning } = plan(configuration, { hasFile, keepsProcessesApart });
  if (warning !== undefined) logger.warn(warning);
  if (count === 1 || spawnWorker === undefined) return answerHere(configuration, dependencies);
  return await answerByWorkers(configuration, { ...dependencies, count, spawnWorker });
}

function plan({ http }: Configuration, facts: Pick<WorkerFacts, "hasFile" | "keepsProcessesApart">): WorkerPlan {
  const machine = { cores: () => usableCores(), memoryBytes: () => usableMemoryBytes(), spreadsConnections };
  return planWorkers({ configured: http.workers, ...machine, ...facts });
}

/**
 * Starts workers before anything else is known: as many as there probably will be, if each has a core beside this process. More
 * would only delay the first, whose answer everybody waits for.
 */
export function spawnPlanned(
  configuration: Configuration,
  { hasFile, spawnWorker }: Pick<AnsweringDependencies, "hasFile" | "spawnWorker">,
): SpawningAhead | undefined {
  const { count } = plan(configuration, { hasFile, keepsProcessesApart: true });
  if (count === 1 || spawnWorker === undefined) return undefined;
  return spawnAhead(spawnWorker, Math.min(count, Math.max(1, usableCores() - 1)));
}

function answerHere(configuration: Configuration, dependencies: AnsweringDependencies): Answering {
  const { front, notifications, monitoring, logger } = dependencies;
  const { composed, access, tracing } = front;
  const registry = notifications.wrap(front.registry);
  const { tracer } = tracing;
  const server = listen(configuration, {
    ...{ ...composed, ...dependencies, sharing: unshared },
    ...{ store: front.store, registry, access, tracer },
  });
  const maxConnections = orNone(configuration.http.limits.connections);
  const watching = watchDescriptors({ server, logger, maxConnections });
  return {
    port: server.port,
    processes: 1,
    replaceCertificate: (tls) => server.replaceCertificate(tls),
    stop: async (drainMs) => {
      watching[Symbol.dispose]();
      const cutCount = await server.stop(drainMs);
      await front.store.uploads.settle?.();
      return cutCount;
    },
    reload: () => undefined,
    noteProblems: () => undefined,
    formatMetrics: () => monitoring.metrics.format(),
  };
}

interface WorkersDependencies extends AnsweringDependencies {
  readonly count: number;
  readonly spawnWorker: SpawnWorker;
}

async function answerByWorkers(configuration: Configuration, dependencies: WorkersDependencies): Promise<Answering> {
  const { certificate, front, notifications, monitoring, logger, count } = dependencies;
  const { metrics } = monitoring;
  const authority = () => certificate?.authority?.pem();
  const access = () => decidedBy(front.access.now());
  const workers = await Workers.start({
    count,
    spawn: dependencies.spawnWorker,
    order: {
      configuration: at(configuration, dependencies.dataDirectory),
      hasFile: dependencies.hasFile,
      access: access(),
      port: dependencies.address.port,
      certificate: certificate && { material: certificate.material(), authority: authority() },
      instanceId: dependencies.instanceId,
    },
    logger,
    metrics,
    sink: notifications.sink,
    noteReceived: (sizeBytes) => front.composed.received(sizeBytes),
    authority,
  });
  return {
    port: workers.port,
    processes: count,
    replaceCertificate: (tls) => workers.replaceCertificate(tls),
    stop: (drainMs) => workers.stop(drainMs),
    reload: (changed) => workers.reload(changed, access()),
    noteProblems: (problems) => workers.noteProblems(problems),
    formatMetrics: async () => {
      const figures = await Promise.all([metrics.figures(), workers.figures()]);
      return formatFigures(mergeFigures([figures[0], ...figures[1]]));
    },
  };
}

/** Without what cannot be sent. */
function decidedBy(access: DecidedAccess | undefined): DecidedAccess | undefined {
  return access === undefined ? undefined : { usersPath: access.usersPath };
}

/** With the directory that was chosen, so that workers do not choose another one. */
function at(configuration: Configuration, dataDirectory: string): Configuration {
  const { storage } = configuration;
  const chosen = storage.s3.isOn
    ? { s3: { ...storage.s3, scratch: dataDirectory } }
    : { filesystem: { ...storage.filesystem, rootdirectory: dataDirectory } };
  return { ...configuration, storage: { ...storage, ...chosen } };
}
