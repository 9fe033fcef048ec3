// Delivers the events of one endpoint, one after the other. An event is tried until it is taken: after `threshold`
// failures in a row, once every `backoffMs`.
import { messageOf } from "../lib/system-error.ts";
import { formatEnvelope } from "./envelope.ts";
import { EventQueue, type WaitingEvent } from "./queue.ts";
import type { ReportNotification } from "./report.ts";
import type { PostOutcome } from "./webhook.ts";

/** How one endpoint is served. */
export interface DeliveryOptions {
  readonly endpoint: string;
  readonly threshold: number;
  readonly backoffMs: number;
  readonly maxPassing: number;
  readonly post: (body: string, stop: AbortSignal) => Promise<PostOutcome>;
  readonly report: ReportNotification;
}

/** The deliveries to one endpoint. */
export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #queue: EventQueue;
  readonly #stop = new AbortController();
  #wake = Promise.withResolvers<void>();
  /** Ends the rest after failures. */
  #endRest: (() => void) | undefined;
  #current: WaitingEvent | undefined;
  #failures = 0;
  /** No event is waited for, and a failure is not followed by another try. */
  #isEnding = false;
  readonly #running: Promise<void>;

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#queue = new EventQueue(options.maxPassing);
    this.#running = this.#run();
  }

  /** Adds an event that is on disk. */
  addLasting(event: WaitingEvent): void {
    this.#queue.addLasting(event);
    this.#noteAdded();
  }

  /** Adds an event that is in memory alone. */
  addPassing(line: string): void {
    const count = this.#queue.addPassing(line);
    this.#noteAdded();
    if (count > 0) this.#options.report({ kind: "dropped", endpoint: this.#options.endpoint, count });
  }

  /** Forgets events that were given up. */
  removeDropped(): void {
    const count = this.#queue.removeDropped();
    if (count === 0) return;
    this.#options.report({ kind: "dropped", endpoint: this.#options.endpoint, count });
    this.#reportWaiting();
  }

  /** Delivers what waits, unless that fails or takes longer than this; then stops. */
  async stop(withinMs: number): Promise<void> {
    this.#isEnding = true;
    this.#wake.resolve();
    this.#endRest?.();
    const timer = setTimeout(() => this.#stop.abort(), withinMs);
    await this.#running;
    clearTimeout(timer);
  }

  #noteAdded(): void {
    this.#options.report({ kind: "queued", endpoint: this.#options.endpoint, count: 1 });
    this.#reportWaiting();
    this.#wake.resolve();
  }

  #reportWaiting(): void {
    const count = this.#queue.size + (this.#current === undefined ? 0 : 1);
    this.#options.report({ kind: "waiting", endpoint: this.#options.endpoint, count });
  }

  async #run(): Promise<void> {
    for (;;) {
      this.#current = this.#queue.shift();
      if (this.#current !== undefined) {
        if (!(await this.#deliver(this.#current))) return;
        continue;
      }
      if (this.#isEnding) return;
      await this.#wake.promise;
      this.#wake = Promise.withResolvers<void>();
    }
  }

  /** False if it was not delivered because the endpoint is left alone from now on. */
  async #deliver(event: WaitingEvent): Promise<boolean> {
    while (!event.isDropped()) {
      if (this.#stop.signal.aborted) return false;
      if (this.#failures >= this.#options.threshold) await this.#rest();
      if (this.#isEnding && this.#failures > 0) return false;
      if (event.isDropped()) break;
      if (await this.#try(event)) return true;
    }
    this.#options.report({ kind: "dropped", endpoint: this.#options.endpoint, count: 1 });
    return true;
  }

  /** True if nothing more is to be done about the event. */
  async #try(event: WaitingEvent): Promise<boolean> {
    const { endpoint, report, post } = this.#options;
    const body = await unlessAborted(bodyOf(event), this.#stop.signal);
    if (body === "aborted") return false;
    if (body === undefined) return this.#finish(event);
    // A line that the disk has damaged can never be delivered.
    const isDamaged = "problem" in body;
    const outcome = isDamaged
      ? ({ kind: "unanswered", reason: body.problem } as const)
      : await post(body.text, this.#stop.signal);
    if (!this.#stop.signal.aborted) report({ endpoint, ...outcome });
    if (outcome.kind !== "delivered" && !isDamaged) {
      this.#failures += 1;
      return false;
    }
    this.#failures = 0;
    return this.#finish(event);
  }

  #finish(event: WaitingEvent): true {
    this.#current = undefined;
    event.done();
    this.#reportWaiting();
    return true;
  }

  /** Ends early when the deliveries stop. */
  async #rest(): Promise<void> {
    if (this.#isEnding) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, this.#options.backoffMs);
    this.#endRest = resolve;
    await promise;
    clearTimeout(timer);
  }
}

/** Undefined if it is another process's to deliver. */
async function bodyOf(
  event: WaitingEvent,
): Promise<{ readonly text: string } | { readonly problem: string } | undefined> {
  try {
    const line = await event.read();
    return line === undefined ? undefined : { text: formatEnvelope(line) };
  } catch (error) {
    return { problem: `an event in the queue is damaged: ${messageOf(error)}` };
  }
}

/** An event may lie in a store that does not answer. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | "aborted"> {
  const { promise: aborted, resolve } = Promise.withResolvers<"aborted">();
  const abort = () => resolve("aborted");
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort);
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
