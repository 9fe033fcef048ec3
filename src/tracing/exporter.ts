// Spans on their way to a collector: in batches, from a bounded queue, and lost rather than waited for.
import { type Attributes, formatExport, type Span } from "./span.ts";

/** How spans are exported. */
export interface ExporterOptions {
  readonly maxQueue: number;
  readonly maxBatch: number;
  /** How long a span waits for others. */
  readonly delayMs: number;
  readonly resource: Attributes;
  /** Sends a body; throws if the collector did not take it. */
  readonly send: (body: string) => Promise<void>;
  /** Told of spans that are lost. */
  readonly onLost: (count: number, error: unknown) => void;
}

const full = new Error("the collector is too slow: the queue is full");

/** A queue of finished spans. */
export class SpanExporter {
  readonly #options: ExporterOptions;
  readonly #queue: Span[] = [];
  #timer: Timer | undefined;
  #sending: Promise<void> | undefined;

  constructor(options: ExporterOptions) {
    this.#options = options;
  }

  /** Takes a span; returns at once, whatever becomes of it. */
  add(span: Span): void {
    const { maxQueue, maxBatch, delayMs, onLost } = this.#options;
    if (this.#queue.length >= maxQueue) {
      onLost(1, full);
      return;
    }
    this.#queue.push(span);
    if (this.#queue.length >= maxBatch) void this.flush();
    else this.#timer ??= setTimeout(() => void this.flush(), delayMs).unref();
  }

  /** Sends everything that waits, one batch after another. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined;
    });
    return this.#sending;
  }

  async #sendAll(): Promise<void> {
    const { maxBatch, resource, send, onLost } = this.#options;
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, maxBatch);
      try {
        await send(formatExport(batch, resource));
      } catch (error) {
        onLost(batch.length, error);
      }
    }
  }
}
