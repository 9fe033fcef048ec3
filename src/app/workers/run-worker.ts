// A worker: it answers requests, and does what its supervisor says. Everything that is done once is done there.
import { parseListenAddress } from "../../config/listen-address.ts";
import { LoginFailures } from "../../http/login-failures.ts";
import type { RunningServer } from "../../http/server.ts";
import { messageOf } from "../../lib/system-error.ts";
import type { AdjustableLogger } from "../../log/logger.ts";
import type { DecidedAccess } from "../access/open-access.ts";
import { type Front, openFront } from "../front.ts";
import { watchDescriptors } from "../listening/descriptors.ts";
import { orNone, shareOf } from "../listening/limits.ts";
import { type ListeningCertificate, listen } from "../listening/listen.ts";
import { steerNoMore, steerTo } from "../listening/steer-connections.ts";
import { withAnnouncements } from "../notifications/announced.ts";
import { type Monitoring, openMonitoring } from "../observe/monitoring.ts";
import { type LogDependencies, levelOf, openLogs } from "../observe/open-logs.ts";
import { StartError } from "../start-error.ts";
import { dropStartPagesSoon } from "../start-pages.ts";
import { openStore } from "../store/open-store.ts";
import type { SentCertificate, StartOrder, WorkerOrder } from "./messages.ts";
import { PassingEvents } from "./passing-events.ts";
import type { SupervisorLink } from "./supervisor-link.ts";

/** What a worker needs from its process. */
export interface WorkerDependencies extends LogDependencies {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Writes to standard output. */
  readonly print: (text: string) => void;
  /** Lets this process end with its supervisor's; false if that is gone already. */
  readonly endWith: (supervisorPid: number) => boolean;
}

const aliveEveryMs = 1000;

/** Works until its supervisor stops it or is gone; returns the exit code. */
export async function runWorker(link: SupervisorLink, dependencies: WorkerDependencies): Promise<number> {
  const first = await link.next();
  if (first?.kind !== "start" || !dependencies.endWith(first.supervisorPid)) return 1;
  let receivedBytes = 0;
  const beating = setInterval(() => {
    link.send({ kind: "alive", receivedBytes });
    receivedBytes = 0;
  }, aliveEveryMs);
  try {
    const noteReceived = (sizeBytes: number) => {
      receivedBytes += sizeBytes;
    };
    const worker = await openWorker(first, { ...dependencies, link, noteReceived });
    link.send({ kind: "serving", port: worker.server.port });
    dropStartPagesSoon();
    return await obey(worker, link);
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    link.send({ kind: "failed", problem: error.message });
    return 1;
  } finally {
    clearInterval(beating);
  }
}

interface OpeningDependencies extends WorkerDependencies {
  readonly link: SupervisorLink;
  readonly noteReceived: (sizeBytes: number) => void;
}

/** What its supervisor has told it last. */
interface WorkerState {
  certificate: SentCertificate | undefined;
  decided: DecidedAccess | undefined;
}

interface RunningWorker extends WorkerState {
  readonly server: RunningServer;
  readonly logger: AdjustableLogger;
  readonly monitoring: Monitoring;
  readonly front: Front;
  readonly failures: LoginFailures;
  readonly events: PassingEvents;
  readonly watching: Disposable;
}

async function openWorker(order: StartOrder, dependencies: OpeningDependencies): Promise<RunningWorker> {
  const { configuration, number } = order;
  const { env, now, link } = dependencies;
  const fields = { ...configuration.log.fields, worker: String(number) };
  const logged = { ...configuration, log: { ...configuration.log, fields } };
  const { logger, accessLog } = openLogs({ configuration: logged, warnings: [] }, dependencies);
  const opened = await openStore(configuration, { env, now, warn: () => undefined });
  const monitoring = openMonitoring(configuration, { logger, now });
  monitoring.health.replace(order.problems);
  const { limits } = configuration.http;
  const failures = new LoginFailures(orNone(limits.loginfailures), now, (count) => link.send({ kind: "login", count }));
  const state: WorkerState = { certificate: order.certificate, decided: order.access };
  const shared = { ...opened, ...dependencies, logger, monitoring, failures, hasFile: order.hasFile };
  const front = await openFront(configuration, { ...shared, decided: () => state.decided });
  // Before anybody can connect: since then everybody may have to log in.
  if (order.reload !== undefined) await reload(Object.assign(state, { logger, front }), order.reload);
  const events = new PassingEvents(link);
  const registry = withAnnouncements(front.registry, configuration, { ...front, ...order, sink: events });
  const server = listen(configuration, {
    ...front.composed,
    store: front.store,
    address: { hostname: parseListenAddress(configuration.http.addr)?.hostname, port: order.port },
    sharing: { processes: order.count, isPortShared: order.isPortShared },
    registry,
    certificate: state.certificate && listeningWith(state.certificate, state),
    access: front.access,
    monitoring,
    logger,
    accessLog,
    tracer: front.tracing.tracer,
  });
  const maxConnections = shareOf(limits.connections, order.count);
  const watching = watchDescriptors({ server, logger, maxConnections });
  return Object.assign(state, { server, logger, monitoring, front, failures, events, watching });
}

/** The certificate as it is now, which began as the first one. */
function listeningWith(
  first: SentCertificate,
  state: { readonly certificate: SentCertificate | undefined },
): ListeningCertificate {
  const now = () => state.certificate ?? first;
  return {
    material: () => now().material,
    authority: first.authority === undefined ? undefined : { pem: () => now().authority ?? "" },
  };
}

/** Follows orders until the last one. */
async function obey(worker: RunningWorker, link: SupervisorLink): Promise<number> {
  for (;;) {
    const order = await link.next();
    if (order === undefined) return 1;
    if (order.kind === "end") return 0;
    if (order.kind === "stop") void stop(worker, link, order.drainMs);
    else if (order.kind === "measure") void measure(worker, link, order.id);
    else await follow(worker, link, order);
  }
}

async function follow(worker: RunningWorker, link: SupervisorLink, order: WorkerOrder): Promise<void> {
  const { server, logger, monitoring, failures } = worker;
  switch (order.kind) {
    case "certificate":
      worker.certificate = order.certificate;
      try {
        server.replaceCertificate(order.certificate.material);
        link.send({ kind: "renewed" });
      } catch (error) {
        logger.error("the new certificate cannot be used; the old one stays", { problem: messageOf(error) });
      }
      return;
    case "steer":
      if (order.listener === undefined) steerNoMore(server.port);
      else steerTo(server.port, order.listener);
      return;
    case "reload":
      return reload(worker, order);
    case "health":
      return monitoring.health.replace(order.problems);
    case "login":
      return failures.note(order.count);
    default:
      return;
  }
}

/** As the supervisor has done it. */
async function reload(
  worker: Pick<RunningWorker, "decided" | "logger" | "front">,
  { configuration, access }: Extract<WorkerOrder, { readonly kind: "reload" }> | NonNullable<StartOrder["reload"]>,
): Promise<void> {
  worker.decided = access;
  worker.logger.setLevel(levelOf(configuration));
  await worker.front.access.reload(configuration);
}

async function measure({ monitoring }: RunningWorker, link: SupervisorLink, id: number): Promise<void> {
  link.send({ kind: "measured", id, figures: await monitoring.metrics.figures() });
}

async function stop(worker: RunningWorker, link: SupervisorLink, drainMs: number): Promise<void> {
  const { server, monitoring, front, watching, events } = worker;
  monitoring.health.beginStopping();
  watching[Symbol.dispose]();
  const cutCount = await server.stop(drainMs);
  await front.store.uploads.settle?.();
  await events.flush();
  await front.tracing.stop();
  link.send({ kind: "stopped", cutCount, figures: await monitoring.metrics.figures() });
}
