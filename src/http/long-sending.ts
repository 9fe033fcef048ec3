// Long answers that the runtime has the system send (sendfile). While there are any, these calls are kept short, so that other
// requests are served in between.

/** From this size on, sending takes long enough for other requests to notice. */
const longBytes = 4 * 1024 * 1024;
const usualLookMs = 1000;

/** What it works with. */
export interface LongSendingOptions {
  /** Keeps calls of the system short, until disposed of. */
  readonly keepCallsShort: () => Disposable;
  /** Whether an answer is still being sent. */
  readonly isSending: () => boolean;
  /** Whether that has ended is looked at this often. */
  readonly lookMs?: number;
}

/** The long answers of one server. */
export class LongSending implements Disposable {
  readonly #options: LongSendingOptions;
  #keeping: Disposable | undefined;
  #looking: Timer | undefined;

  constructor(options: LongSendingOptions) {
    this.#options = options;
  }

  /** An answer is about to be sent. */
  note({ headers }: Response): void {
    if (this.#keeping !== undefined || Number(headers.get("content-length")) < longBytes) return;
    const { keepCallsShort, isSending, lookMs = usualLookMs } = this.#options;
    this.#keeping = keepCallsShort();
    this.#looking = setInterval(() => {
      if (!isSending()) this[Symbol.dispose]();
    }, lookMs);
    this.#looking.unref();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#looking);
    this.#keeping?.[Symbol.dispose]();
    this.#keeping = undefined;
  }
}
