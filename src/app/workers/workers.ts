// The workers of a supervisor: processes that share the port and the directory and answer requests, while everything that is
// done once is done here.
import type { Configuration } from "../../config/schema.ts";
import type { TlsMaterial } from "../../http/server.ts";
import { errorCode, messageOf } from "../../lib/system-error.ts";
import type { Logger } from "../../log/logger.ts";
import type { Figures } from "../../metrics/figures.ts";
import type { Metrics } from "../../metrics/metrics.ts";
import type { EventSink } from "../../notifications/announcer.ts";
import { StartError } from "../start-error.ts";
import type { SentReload, StartOrder, WorkerOrder, WorkerReport } from "./messages.ts";
import type { SpawnWorker } from "./worker-process.ts";
import { type SlotTimes, WorkerSlot } from "./worker-slot.ts";

/** What every worker begins with, beside what has changed since. */
export type CommonOrder = Omit<
  StartOrder,
  "number" | "count" | "supervisorPid" | "reload" | "isPortShared" | "problems"
>;

/** What the workers need. */
export interface WorkersOptions {
  readonly count: number;
  readonly spawn: SpawnWorker;
  readonly order: CommonOrder;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Where their events wait; undefined if there are no receivers. */
  readonly sink: EventSink | undefined;
  /** Hears how much caches have received. */
  readonly noteReceived: (sizeBytes: number) => void;
  readonly authority: () => string | undefined;
  readonly times?: Partial<SlotTimes>;
  /** After how long the listeners of a certificate that was replaced are gone. */
  readonly settlingMs?: number;
}

/** Longer than old listeners stay. */
const usualSettlingMs = 3000;

/** Processes that serve, and their supervisor's way to them. */
export class Workers {
  readonly #options: WorkersOptions;
  readonly #slots: readonly WorkerSlot[];
  #order: CommonOrder;
  #reload: SentReload | undefined;
  #problems: Readonly<Record<string, string>> = {};
  #port: number | undefined;
  /** Workers that have not renewed their certificate yet. */
  #renewing = new Set<WorkerSlot>();
  /** Until the listeners of the last certificate are gone. */
  #settling: Timer | undefined;
  #isRenewalDue = false;

  private constructor(options: WorkersOptions) {
    this.#options = options;
    this.#order = options.order;
    const { spawn, logger, times = {} } = options;
    const hear = (report: WorkerReport, slot: WorkerSlot) => this.#hear(report, slot);
    const order = (number: number) => this.#orderFor(number);
    // One that cannot begin to serve is why there is no start.
    const isFollowed = () => this.#port !== undefined;
    this.#slots = Array.from(
      { length: options.count },
      (_, index) => new WorkerSlot({ number: index + 1, spawn, order, isFollowed, logger, hear, times }),
    );
    this.#addMetrics(options.metrics);
  }

  /**
   * Starts them, and returns when the first one serves: it has found the port free, which the others share with it. Throws a
   * StartError if it cannot serve.
   */
  static async start(options: WorkersOptions): Promise<Workers> {
    const workers = new Workers(options);
    const [first, ...others] = workers.#slots;
    first?.start();
    const problem = await first?.first.promise;
    if (problem !== undefined) {
      await workers.stop(0);
      throw new StartError(problem);
    }
    for (const slot of others) slot.start();
    return workers;
  }

  get port(): number {
    return this.#port ?? 0;
  }

  /**
   * Lets all of them serve new connections with another certificate. One that comes soon after another waits until the old
   * listeners are gone, since the numbers of listeners that come and go at once are unknown.
   */
  replaceCertificate(material: TlsMaterial): void {
    this.#order = { ...this.#order, certificate: { material, authority: this.#options.authority() } };
    if (this.#settling === undefined) this.#renew();
    else this.#isRenewalDue = true;
  }

  #renew(): void {
    const { certificate } = this.#order;
    if (certificate === undefined) return;
    // A part of them cannot be told from the others by their numbers.
    this.#renewing = new Set(this.#slots.every(({ isServing }) => isServing) ? this.#slots : []);
    this.#tell({ kind: "certificate", certificate });
    this.#settle();
  }

  /**
   * When all of them listen anew beside their old listeners, which are about to close: no connection is to wait at those. The
   * listeners are numbered from 0, the old ones first, and one that is new never gets to be among them.
   */
  #noteRenewed(slot: WorkerSlot): void {
    if (!this.#renewing.delete(slot) || this.#renewing.size > 0) return;
    slot.send({ kind: "steer", listener: this.#slots.length });
    this.#settle();
  }

  #settle(): void {
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => {
      this.#settling = undefined;
      this.#tell({ kind: "steer", listener: undefined });
      if (!this.#isRenewalDue) return;
      this.#isRenewalDue = false;
      this.#renew();
    }, this.#options.settlingMs ?? usualSettlingMs);
    this.#settling.unref();
  }

  /** Lets all of them take over what was read again. */
  reload(configuration: Configuration, access: SentReload["access"]): void {
    this.#reload = { configuration, access };
    this.#tell({ kind: "reload", ...this.#reload });
  }

  /** Tells all of them what is wrong. */
  noteProblems(problems: Readonly<Record<string, string>>): void {
    this.#problems = problems;
    this.#tell({ kind: "health", problems });
  }

  /** What each of them has counted. */
  figures(): Promise<readonly (readonly Figures[])[]> {
    return Promise.all(this.#slots.map((slot) => slot.figures()));
  }

  /** Lets requests in flight finish, and returns how many did not. */
  async stop(drainMs: number): Promise<number> {
    clearTimeout(this.#settling);
    const counts = await Promise.all(this.#slots.map((slot) => slot.stop(drainMs)));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  #tell(order: WorkerOrder, except?: WorkerSlot): void {
    for (const slot of this.#slots) if (slot !== except) slot.send(order);
  }

  #orderFor(number: number): StartOrder {
    const isShared = this.#slots.some(({ isServing }) => isServing);
    const { port } = this.#order;
    return {
      ...this.#order,
      number,
      count: this.#options.count,
      supervisorPid: process.pid,
      reload: this.#reload,
      // One that is alone has to find its port free again.
      port: this.#port ?? port,
      isPortShared: isShared,
      problems: this.#problems,
    };
  }

  #hear(report: WorkerReport, slot: WorkerSlot): void {
    switch (report.kind) {
      case "serving":
        this.#port = report.port;
        if (slot.restartCount > 0) this.#options.logger.info("a worker serves again", { worker: slot.number });
        break;
      case "alive":
        if (report.receivedBytes > 0) this.#options.noteReceived(report.receivedBytes);
        break;
      case "renewed":
        this.#noteRenewed(slot);
        break;
      case "login":
        this.#tell({ kind: "login", count: report.count }, slot);
        break;
      case "keep":
        void this.#keep(report, slot);
        break;
      case "pass":
        for (const record of report.records) this.#options.sink?.pass(record);
        slot.send({ kind: "taken", id: report.id, problem: undefined });
        break;
      case "failed":
      case "measured":
      case "stopped":
        break;
    }
  }

  async #keep({ id, record }: Extract<WorkerReport, { readonly kind: "keep" }>, slot: WorkerSlot): Promise<void> {
    const answer = slot.answerer();
    try {
      await this.#options.sink?.keep(record);
      answer({ kind: "taken", id, problem: undefined });
    } catch (error) {
      answer({ kind: "taken", id, problem: messageOf(error), code: errorCode(error) });
    }
  }

  #addMetrics(metrics: Metrics): void {
    const help = "Worker processes that serve requests, of those of http.workers";
    metrics.read("gauge", { name: "registry_workers", help }, () => {
      return this.#slots.filter(({ isServing }) => isServing).length;
    });
    const restarts = "Workers that were started in the place of one that ended";
    metrics.read("counter", { name: "registry_worker_restarts_total", help: restarts }, () =>
      this.#slots.reduce((sum, { restartCount }) => sum + restartCount, 0),
    );
  }
}
