// Where lines go whose reader may be slow or gone: a request never waits for it, and what waits for it is bounded.

/** The part of a stream that is used. */
export interface LineStream {
  /** False if the reader has not taken everything yet; `drain` tells when it has. */
  write(text: string): boolean;
  once(event: "drain", listener: () => void): unknown;
}

/** How lines are written. */
export interface LineOutputOptions {
  readonly stream: LineStream;
  /** How many characters may wait for the reader. */
  readonly maxWaiting: number;
  /** Told how many lines were dropped, when the reader has caught up. */
  readonly onDropped: (count: number) => void;
}

/** Writes lines, and drops those that come while too much waits. */
export class LineOutput {
  readonly #options: LineOutputOptions;
  #isBehind = false;
  #waiting = 0;
  #droppedCount = 0;

  constructor(options: LineOutputOptions) {
    this.#options = options;
  }

  /** Takes one line with its newline. */
  write(line: string): void {
    const { stream, maxWaiting } = this.#options;
    if (this.#isBehind && this.#waiting + line.length > maxWaiting) {
      this.#droppedCount += 1;
      return;
    }
    this.#waiting += line.length;
    if (stream.write(line)) {
      if (!this.#isBehind) this.#waiting = 0;
    } else if (!this.#isBehind) {
      this.#isBehind = true;
      stream.once("drain", () => this.#caughtUp());
    }
  }

  #caughtUp(): void {
    const count = this.#droppedCount;
    this.#isBehind = false;
    this.#waiting = 0;
    this.#droppedCount = 0;
    if (count > 0) this.#options.onDropped(count);
  }
}
