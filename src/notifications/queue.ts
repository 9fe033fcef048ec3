// What waits for one endpoint: lasting events, which are on disk, and passing ones, which only memory holds.

/** An event that waits. */
export interface WaitingEvent {
  /** Whether it was given up meanwhile. */
  isDropped(): boolean;
  /** Its line; undefined if another process has taken it over. Throws if it can never be read again. */
  read(): Promise<string | undefined>;
  /** It was delivered. */
  done(): void;
}

class PassingEvent implements WaitingEvent {
  readonly #line: string;

  constructor(line: string) {
    this.#line = line;
  }

  isDropped(): boolean {
    return false;
  }

  async read(): Promise<string> {
    return this.#line;
  }

  done(): void {
    // Nobody keeps it.
  }
}

/** The events of one endpoint in their order, lasting ones first. */
export class EventQueue {
  readonly #maxPassing: number;
  #lasting: WaitingEvent[] = [];
  readonly #passing: string[] = [];

  /** Holds at most this many passing events. */
  constructor(maxPassing: number) {
    this.#maxPassing = maxPassing;
  }

  get size(): number {
    return this.#lasting.length + this.#passing.length;
  }

  addLasting(event: WaitingEvent): void {
    this.#lasting.push(event);
  }

  /** Returns how many others were given up for it: the oldest. */
  addPassing(line: string): number {
    this.#passing.push(line);
    return this.#passing.splice(0, this.#passing.length - this.#maxPassing).length;
  }

  /** Takes out what was given up; returns how many. */
  removeDropped(): number {
    const left = this.#lasting.filter((event) => !event.isDropped());
    const count = this.#lasting.length - left.length;
    this.#lasting = left;
    return count;
  }

  /** Takes the next event out; undefined if none waits. */
  shift(): WaitingEvent | undefined {
    const lasting = this.#lasting.shift();
    if (lasting !== undefined) return lasting;
    const line = this.#passing.shift();
    return line === undefined ? undefined : new PassingEvent(line);
  }
}
