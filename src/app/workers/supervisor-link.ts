// A worker's end of the line to its supervisor.
import type { WorkerOrder, WorkerReport } from "./messages.ts";

/** The line as the process has it. */
export interface WorkerLine {
  send(report: WorkerReport): void;
  /** Calls for each order, and once when the supervisor is gone. */
  listen(onOrder: (order: WorkerOrder) => void, onClosed: () => void): void;
}

/** How long the supervisor may take to write something down. */
const answerMs = 30_000;
/** Orders come one by one; there are never this many before a worker serves. */
const maxWaiting = 10_000;

/** Sends reports, waits for their answers, and gives the orders one after the other. */
export class SupervisorLink {
  readonly #line: WorkerLine;
  readonly #answers = new Map<number, PromiseWithResolvers<void>>();
  readonly #orders: WorkerOrder[] = [];
  #nextId = 0;
  #isClosed = false;
  #wake = Promise.withResolvers<void>();

  constructor(line: WorkerLine) {
    this.#line = line;
    line.listen(
      (order) => this.#take(order),
      () => this.#close(),
    );
  }

  send(report: WorkerReport): void {
    if (!this.#isClosed) this.#line.send(report);
  }

  /** Returns when the supervisor has done it; throws if it has failed, or is gone, or takes too long. */
  async ask(reportWith: (id: number) => WorkerReport): Promise<void> {
    if (this.#isClosed) throw new Error("the supervisor is gone");
    const id = this.#nextId;
    this.#nextId += 1;
    const answer = Promise.withResolvers<void>();
    this.#answers.set(id, answer);
    // It waits for where it writes.
    const refuse = () => answer.reject(failureWith("the supervisor does not answer", "EIO"));
    const timer = setTimeout(refuse, answerMs);
    try {
      this.send(reportWith(id));
      await answer.promise;
    } finally {
      clearTimeout(timer);
      this.#answers.delete(id);
    }
  }

  /** The next order; undefined if the supervisor is gone. */
  async next(): Promise<WorkerOrder | undefined> {
    while (this.#orders.length === 0 && !this.#isClosed) {
      await this.#wake.promise;
      this.#wake = Promise.withResolvers<void>();
    }
    return this.#isClosed ? undefined : this.#orders.shift();
  }

  #take(order: WorkerOrder): void {
    if (order.kind === "taken") {
      const answer = this.#answers.get(order.id);
      if (order.problem === undefined) answer?.resolve();
      else answer?.reject(failureWith(order.problem, order.code));
      return;
    }
    if (this.#orders.length >= maxWaiting) return;
    this.#orders.push(order);
    this.#wake.resolve();
  }

  #close(): void {
    this.#isClosed = true;
    this.#wake.resolve();
    for (const answer of this.#answers.values()) answer.reject(new Error("the supervisor is gone"));
  }
}

/** The code says that the disk or the object store is to blame, which the answer to the client depends on. */
function failureWith(problem: string, code: string | undefined): Error {
  return Object.assign(new Error(problem), code === undefined ? {} : { code });
}
