// A journal: texts for recipients, kept until each recipient has had them, also over a kill and a restart. Each process
// writes segments of its own; those of a process that died are taken over by another one.
import type { JournalEntry, JournalSegment, JournalSegments, JournalText, SegmentHolder } from "./journal-segments.ts";

/** Where a journal lies and how large it may be. */
export interface JournalOptions {
  readonly segments: JournalSegments;
  /** When this is exceeded the oldest segment is given up. */
  readonly maxBytes: number;
  /** Receives records, in the order in which they were appended. */
  readonly take: (entry: JournalEntry) => void;
  /** Called when records were given up. */
  readonly noteDrop: () => void;
}

interface WaitingText {
  readonly text: JournalText;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** What is written at once: a segment has to stay readable as a whole. */
const maxBatchLength = 1024 * 1024;
/** Each one that was lost while it was written to is another process's. */
const maxSegmentsTried = 5;

/** The journal of one process. */
export class Journal {
  readonly #options: JournalOptions;
  readonly #held: JournalSegment[] = [];
  /** The segment that is written to. */
  #current: JournalSegment | undefined;
  readonly #waiting: WaitingText[] = [];
  #writing: Promise<void> | undefined;
  #taking: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  /** Returns when the record is safe; those that come during a write go together in the next one. */
  append(text: JournalText): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ text, resolve, reject });
    this.#writing ??= Promise.resolve().then(() => this.#writeAll());
    return promise;
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, countWithin(this.#waiting, maxBatchLength));
      try {
        await this.#write(batch.map(({ text }) => text));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#writing = undefined;
  }

  async #write(texts: readonly JournalText[]): Promise<void> {
    for (let tries = 0; tries < maxSegmentsTried; tries += 1) {
      const segment = await this.#openCurrent();
      const entries = await segment.append(texts).catch((error: unknown) => {
        // Nobody knows what is in it now.
        this.#endCurrent();
        throw error;
      });
      if (entries === undefined) {
        this.#endCurrent();
        continue;
      }
      for (const entry of entries) this.#options.take(entry);
      if (segment.sizeBytes >= this.#options.segments.segmentBytes) this.#endCurrent();
      return this.#makeRoom();
    }
    throw new Error("other processes take over every segment of the journal that is begun");
  }

  async #openCurrent(): Promise<JournalSegment> {
    if (this.#current !== undefined) return this.#current;
    const segment = await this.#options.segments.create(this.#holder);
    this.#held.push(segment);
    this.#current = segment;
    return segment;
  }

  #endCurrent(): void {
    const segment = this.#current;
    this.#current = undefined;
    segment?.seal();
    if (segment !== undefined) this.#removeIfDone(segment);
  }

  /** Takes over what processes left that died; if that is under way, it is waited for. */
  takeOver(): Promise<void> {
    this.#taking ??= this.#takeOver().finally(() => {
      this.#taking = undefined;
    });
    return this.#taking;
  }

  async #takeOver(): Promise<void> {
    for await (const segment of this.#options.segments.takeOver(this.#holder)) {
      const entries = await segment.scan();
      if (this.#isClosed) return await segment.close();
      this.#held.push(segment);
      for (const entry of entries) this.#options.take(entry);
      this.#removeIfDone(segment);
    }
    // The oldest goes first when room is needed.
    this.#held.sort((one, other) => (one.name < other.name ? -1 : 1));
    this.#makeRoom();
  }

  /** Lets go of the segments; what waits in them is for the next process. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#writing;
    this.#endCurrent();
    await Promise.all(this.#held.splice(0).map((segment) => segment.close()));
    await this.#options.segments.close();
  }

  readonly #holder: SegmentHolder = {
    isHeld: (name) => this.#held.some((segment) => segment.name === name),
    noteDone: (segment) => {
      if (!this.#isClosed) this.#removeIfDone(segment);
    },
  };

  #removeIfDone(segment: JournalSegment): void {
    if (segment.waitingCount > 0) return;
    if (segment === this.#current) this.#endIfIdle(segment);
    else this.#remove(segment);
  }

  #remove(segment: JournalSegment): void {
    const index = this.#held.indexOf(segment);
    if (index < 0) return;
    this.#held.splice(index, 1);
    segment.remove();
  }

  #endIfIdle(segment: JournalSegment): void {
    const { idleMs } = this.#options.segments;
    if (idleMs === undefined) return;
    const end = () => {
      const isIdle = segment === this.#current && segment.waitingCount === 0 && this.#writing === undefined;
      if (isIdle && !this.#isClosed) this.#endCurrent();
    };
    setTimeout(end, idleMs).unref();
  }

  #makeRoom(): void {
    let totalBytes = this.#held.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    let isDropping = false;
    for (const segment of [...this.#held]) {
      if (totalBytes <= this.#options.maxBytes) break;
      if (segment === this.#current) continue;
      totalBytes -= segment.sizeBytes;
      segment.drop();
      isDropping = true;
      this.#removeIfDone(segment);
    }
    if (isDropping) this.#options.noteDrop();
  }
}

/** How many of the first ones go together: one at least. */
function countWithin(waiting: readonly WaitingText[], maxLength: number): number {
  let length = 0;
  const end = waiting.findIndex(({ text }) => {
    length += text.text.length;
    return length > maxLength;
  });
  return end === -1 ? waiting.length : Math.max(1, end);
}
