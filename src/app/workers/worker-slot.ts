// The place of one worker: its process, and the next one when that has ended.
import { messageOf } from "../../lib/system-error.ts";
import type { Logger } from "../../log/logger.ts";
import { countedFigures, type Figures, mergeFigures } from "../../metrics/figures.ts";
import type { StartOrder, WorkerOrder, WorkerReport } from "./messages.ts";
import type { SpawnWorker, WorkerProcess } from "./worker-process.ts";

/** What a place works with. */
export interface SlotOptions {
  /** From 1. */
  readonly number: number;
  readonly spawn: SpawnWorker;
  /** What a worker that starts now begins with. */
  readonly order: (number: number) => StartOrder;
  /** Whether one that has ended is followed by another one. */
  readonly isFollowed: () => boolean;
  readonly logger: Pick<Logger, "error" | "info">;
  /** Hears what concerns others. */
  readonly hear: (report: WorkerReport, slot: WorkerSlot) => void;
  readonly times?: Partial<SlotTimes>;
}

/** The times of a place. */
export interface SlotTimes {
  /** Whether the worker has reported is looked at this often. */
  readonly lookMs: number;
  /** One that has reported nothing for so many looks hangs, and is ended. */
  readonly mostMissed: number;
  /** If it ran for this long, its end does not count with the ones before. */
  readonly calmMs: number;
  /** How long it may take to tell its figures. */
  readonly measureMs: number;
  /** How long it may take to end after its requests have. */
  readonly endMs: number;
  readonly pauseMs: (failures: number) => number;
}

const usualTimes: SlotTimes = {
  lookMs: 1000,
  mostMissed: 30,
  calmMs: 60_000,
  measureMs: 1500,
  endMs: 2000,
  pauseMs: restartPauseMs,
};

/** What ends a worker that has just begun and cannot say yet that it does not mean it: `pkill -HUP registry` is to reload. */
const strayReason = "signal SIGHUP";
const mostStray = 10;

/** Starts a worker, and another one whenever that has ended, until it is stopped. */
export class WorkerSlot {
  readonly number: number;
  /** Resolves with the first process: undefined if it serves, else why it does not. */
  readonly first = Promise.withResolvers<string | undefined>();
  readonly #options: SlotOptions;
  readonly #times: SlotTimes;
  #process: WorkerProcess | undefined;
  #isServing = false;
  #servingMs = 0;
  #problem: string | undefined;
  #failures = 0;
  #restartCount = 0;
  #strayCount = 0;
  #missed = 0;
  #looking: Timer | undefined;
  #restarting: Timer | undefined;
  /** Resolves when the process is no more. */
  #end = Promise.withResolvers<void>();
  #isStopped = false;
  #cutCount = 0;
  /** What the processes before this one have counted, and what this one had when it was last asked. */
  #counted: readonly Figures[] = [];
  #figures: readonly Figures[] = [];
  readonly #measures = new Map<number, (figures: readonly Figures[]) => void>();
  #nextMeasure = 0;

  constructor(options: SlotOptions) {
    this.number = options.number;
    this.#options = options;
    this.#times = { ...usualTimes, ...options.times };
  }

  get isServing(): boolean {
    return this.#isServing;
  }

  get restartCount(): number {
    return this.#restartCount;
  }

  start(): void {
    this.#problem = undefined;
    this.#missed = 0;
    this.#end = Promise.withResolvers<void>();
    try {
      this.#process = this.#options.spawn({
        onReport: (report) => this.#take(report),
        onEnd: (reason) => this.#noteEnd(reason),
      });
    } catch (error) {
      this.#noteEnd(messageOf(error));
      return;
    }
    this.#process.send({ kind: "start", ...this.#options.order(this.number) });
    this.#looking = setInterval(() => this.#look(), this.#times.lookMs);
  }

  send(order: WorkerOrder): void {
    this.#process?.send(order);
  }

  /** The way back to the worker that runs now, and to none that follows: each numbers its questions from the start. */
  answerer(): (answer: WorkerOrder) => void {
    const asking = this.#process;
    return (answer) => asking?.send(answer);
  }

  /** What this place has counted, at the latest as it was when the worker last answered. */
  async figures(): Promise<readonly Figures[]> {
    if (this.#isServing) await this.#measure();
    return mergeFigures([this.#counted, this.#figures]);
  }

  /** Lets requests in flight finish, and returns how many did not; ends the process whatever it does. */
  async stop(drainMs: number): Promise<number> {
    this.#isStopped = true;
    clearTimeout(this.#restarting);
    if (this.#process === undefined) return 0;
    this.send({ kind: "stop", drainMs });
    const timer = setTimeout(() => this.#process?.kill(), drainMs + this.#times.endMs);
    await this.#end.promise;
    clearTimeout(timer);
    return this.#cutCount;
  }

  #take(report: WorkerReport): void {
    this.#missed = 0;
    if (report.kind === "serving") {
      this.#isServing = true;
      this.#servingMs = performance.now();
    }
    if (report.kind === "failed") this.#problem = report.problem;
    if (report.kind === "measured") {
      this.#figures = report.figures;
      this.#measures.get(report.id)?.(report.figures);
    }
    if (report.kind === "stopped") {
      this.#cutCount = report.cutCount;
      this.#figures = report.figures;
      this.send({ kind: "end" });
    }
    this.#options.hear(report, this);
    if (report.kind === "serving") this.first.resolve(undefined);
  }

  #look(): void {
    this.#missed += 1;
    if (this.#missed !== this.#times.mostMissed) return;
    const seconds = Math.round((this.#times.mostMissed * this.#times.lookMs) / 1000);
    this.#problem = `it hung for ${seconds} s`;
    this.#process?.kill();
  }

  #noteEnd(reason: string): void {
    clearInterval(this.#looking);
    const { pid } = this.#process ?? {};
    const isStray = reason === strayReason && !this.#isServing && this.#strayCount < mostStray;
    const wasCalm = this.#isServing && performance.now() - this.#servingMs >= this.#times.calmMs;
    this.#process = undefined;
    this.#isServing = false;
    this.#counted = mergeFigures([this.#counted, countedFigures(this.#figures)]);
    this.#figures = [];
    this.#end.resolve();
    if (isStray && !this.#isStopped) {
      this.#strayCount += 1;
      this.start();
      return;
    }
    const why = this.#problem ?? reason;
    this.first.resolve(why);
    if (this.#isStopped || !this.#options.isFollowed()) return;
    this.#failures = wasCalm ? 1 : this.#failures + 1;
    const pauseMs = this.#times.pauseMs(this.#failures);
    this.#options.logger.error("a worker ended; another one is started", {
      worker: this.number,
      pid,
      reason: why,
      pauseMs,
    });
    this.#restarting = setTimeout(() => {
      this.#restartCount += 1;
      this.start();
    }, pauseMs);
  }

  async #measure(): Promise<void> {
    const id = this.#nextMeasure;
    this.#nextMeasure += 1;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#measures.set(id, () => resolve());
    const timer = setTimeout(resolve, this.#times.measureMs);
    this.send({ kind: "measure", id });
    await Promise.race([promise, this.#end.promise]);
    clearTimeout(timer);
    this.#measures.delete(id);
  }
}

const firstPauseMs = 100;
const longestPauseMs = 30_000;

/** How long one that ended is missing: twice as long with each failure in a row, so that what cannot start does not keep the machine busy. */
export function restartPauseMs(failures: number): number {
  return Math.min(longestPauseMs, firstPauseMs * 2 ** Math.max(0, failures - 1));
}
