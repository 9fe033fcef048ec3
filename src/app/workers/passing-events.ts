// A worker's events on their way to the supervisor's queue.
import type { EventRecord, EventSink } from "../../notifications/announcer.ts";
import type { SupervisorLink } from "./supervisor-link.ts";

/** Pulls that wait for the supervisor; more than it keeps for an endpoint would be given up there. */
const maxWaiting = 10_000;
/** More at once would hold up requests, here and there, while they are packed for sending. */
const maxSent = 500;

/**
 * Events that must not be lost are answered when the supervisor has them on disk; others go in batches, the next one when the
 * one before was taken, so that a supervisor which is busy does not fill the memory.
 */
export class PassingEvents implements EventSink {
  readonly #link: Pick<SupervisorLink, "ask">;
  readonly #waiting: EventRecord[] = [];
  #isSending = false;

  constructor(link: Pick<SupervisorLink, "ask">) {
    this.#link = link;
  }

  keep(record: EventRecord): Promise<void> {
    return this.#link.ask((id) => ({ kind: "keep", id, record }));
  }

  pass(record: EventRecord): void {
    this.#waiting.push(record);
    if (this.#waiting.length > maxWaiting) this.#waiting.shift();
    if (!this.#isSending) void this.#send();
  }

  /** Returns when nothing waits any more. */
  async flush(): Promise<void> {
    if (!this.#isSending) await this.#send();
    while (this.#isSending) await Bun.sleep(1);
  }

  async #send(): Promise<void> {
    this.#isSending = true;
    while (this.#waiting.length > 0) {
      const records = this.#waiting.splice(0, maxSent);
      // What the supervisor cannot take is lost, as it would be with the process.
      await this.#link.ask((id) => ({ kind: "pass", id, records })).catch(() => undefined);
    }
    this.#isSending = false;
  }
}
