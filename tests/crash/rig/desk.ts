// Where clients ask: every change goes into the ledger before it is sent, and its answer when it came. What a registry
// must not answer is a problem.
import type { Chance } from "./chance.ts";
import { type Answer, BrokenOff, type Fleet } from "./fleet.ts";
import type { Effect, Entry, Knowledge, Place } from "./knowledge.ts";
import type { Ledger } from "./ledger.ts";
import { pause } from "./pause.ts";

/** A request that changes something. */
export interface Change {
  readonly path: string;
  readonly init: RequestInit;
  readonly effects: readonly Effect[];
  readonly made?: Entry["made"];
  /** The status that says that it was done. */
  readonly wanted: number;
  /** A status that says that nothing was done, and what must have been missing: not what was promised just now. */
  readonly refusal?: { readonly status: number; readonly promised?: readonly Place[] };
}

/** The registry did not do it, as it may. */
export class Refused extends Error {
  readonly answer: Answer | undefined;

  constructor(message: string, answer?: Answer) {
    super(message);
    this.answer = answer;
  }
}

/** What clients of one round work with. */
export interface DeskMeans {
  readonly ledger: Ledger;
  readonly fleet: Fleet;
  readonly chance: Chance;
  readonly graceMs: number;
  /** Whether the disk fails in this round, so that 5xx answers are right. */
  readonly mayFail: boolean;
  readonly isOver: () => boolean;
  /** Takes what must not be. */
  readonly report: (problem: string) => void;
  readonly count: (what: string) => void;
}

/** A link that is younger than this is not touched by another promise. */
const freshLinkMs = 1000;
/** Busy for too long, or overtaken by a collector. */
const tryLater = 503;
const diskFull = 507;

/** The counter of one round. */
export class Desk {
  readonly #means: DeskMeans;
  /** When a request was sent that promised that the place stays for the grace. */
  readonly #promises = new Map<Place, number>();

  constructor(means: DeskMeans) {
    this.#means = means;
  }

  get knowledge(): Knowledge {
    return this.#means.ledger.knowledge;
  }

  /** Says what must not be. */
  report(problem: string): void {
    this.#means.report(problem);
  }

  count(what: string): void {
    this.#means.count(what);
  }

  /** Whether an answer of a server that has trouble with its disk is right. */
  isExcused(status: number): boolean {
    return status === tryLater || status === diskFull || (this.#means.mayFail && status >= 500);
  }

  /** That the registry has said, to a request sent then, that it has this. */
  promise(place: Place, sentMs: number): void {
    this.#promises.set(place, sentMs);
  }

  /** Does nothing for so long, or until the round is over. */
  async rest(ms: number): Promise<void> {
    await pause(ms, this.#means.isOver);
  }

  /** Asks for something that changes nothing. */
  async ask(path: string, init?: RequestInit): Promise<Answer> {
    return this.#means.fleet.ask(this.#means.chance, path, init);
  }

  /** Asks for a change; gives the answer that says it was done. */
  async change(change: Change): Promise<Answer> {
    const { ledger } = this.#means;
    const { effects, made, wanted, refusal, path, init } = change;
    const id = ledger.nextId();
    await ledger.record({ phase: "asked", id, effects, ...(made === undefined ? {} : { made }) });
    const answer = await this.ask(path, init).catch(async (error: unknown) => {
      await ledger.record({ phase: "broken", id, effects });
      if (error instanceof BrokenOff && !this.#means.mayFail)
        this.report(`broken off by a living server: ${error.message}`);
      throw error instanceof BrokenOff ? new Refused(error.message) : error;
    });
    this.count(`${init.method} ${answer.status}`);
    if (answer.status === wanted) {
      await ledger.record({ phase: "answered", id, effects });
      return answer;
    }
    await ledger.record({ phase: answer.status < 500 ? "refused" : "broken", id, effects });
    const text = `${init.method} ${path}: ${answer.status} ${new TextDecoder().decode(answer.bytes)}`;
    if (answer.status === refusal?.status) this.#checkPromises(text, refusal.promised ?? []);
    else if (!this.isExcused(answer.status)) this.report(text);
    throw new Refused(text, answer);
  }

  /** What was promised less than the grace ago cannot be missing. */
  #checkPromises(text: string, places: readonly Place[]): void {
    const nowMs = performance.now();
    const isKept = (place: Place) => {
      const digest = place.slice(place.indexOf("@") + 1);
      const madeMs = this.#promises.get(place);
      return !text.includes(digest) || madeMs === undefined || nowMs - madeMs > this.#means.graceMs - freshLinkMs;
    };
    for (const place of places) if (!isKept(place)) this.report(`a promise was not kept: ${place} in ${text}`);
  }
}
