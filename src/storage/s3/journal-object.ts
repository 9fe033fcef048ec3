// One segment of a journal in a bucket: an object that is replaced as a whole, on the condition that nobody else has replaced
// it. So whoever takes it over has everything that was ever acknowledged, and whoever had it before adds nothing more.
import type { BoundedMap } from "../../lib/bounded-map.ts";
import type { JournalEntry, JournalSegment, JournalText, SegmentHolder } from "../journal-segments.ts";
import type { BucketObjects } from "./bucket-objects.ts";
import type { SegmentRecord, SegmentTexts } from "./journal-lines.ts";
import { type FoundSegment, SegmentObject } from "./segment-object.ts";

/** What the segments of a process have in common. */
export interface JournalObjectOptions {
  readonly objects: BucketObjects;
  readonly keyOf: (name: string) => string;
  /** This process, and no other one, ever. */
  readonly id: string;
  /** Whom events can be delivered to from here. */
  readonly recipients: ReadonlySet<string>;
  /** Texts of segments that are no longer written to. */
  readonly texts: BoundedMap<string, SegmentTexts>;
  readonly noteDone: SegmentHolder["noteDone"];
  /** The segment is this process's no longer. */
  readonly noteEnd: (segment: JournalObject, how: { readonly isLeft: boolean }) => void;
  /** Does what may fail now, and is tried again then. */
  readonly finish: (name: string, work: () => Promise<void>) => void;
}

const readAgainMs = 1000;

/** A segment that this process works on. */
export class JournalObject implements JournalSegment {
  readonly name: string;
  readonly #options: JournalObjectOptions;
  readonly #waiting = new Map<number, readonly string[]>();
  /** While it is written to. */
  #texts: Map<number, string> | undefined = new Map();
  readonly #object: SegmentObject;
  #nextIndex = 0;
  #appendedMs = 0;
  #waitingCount = 0;
  /** Whether something was done that the bucket does not know of. */
  #isStale = false;
  #state: "held" | "dropped" | "lost" | "closed" = "held";
  #turn: Promise<unknown> = Promise.resolve();

  /** A new one, of which nothing is in the bucket yet; or one that was found, and is to be taken over. */
  constructor(name: string, options: JournalObjectOptions, found?: FoundSegment) {
    this.name = name;
    this.#options = options;
    const { objects, keyOf, id } = options;
    this.#object = new SegmentObject({ objects, key: keyOf(name), id }, found);
  }

  /** Takes over one that was found; undefined if somebody else was faster. */
  static async takeOver(
    name: string,
    found: FoundSegment,
    options: JournalObjectOptions,
  ): Promise<JournalObject | undefined> {
    const segment = new JournalObject(name, options, found);
    segment.#appendedMs = found.head.appendedMs;
    for (const { index, waiting } of found.records) segment.#waiting.set(index, waiting);
    segment.#texts = textsOf(found);
    if (!(await segment.#put([]))) return undefined;
    segment.seal();
    return segment;
  }

  get sizeBytes(): number {
    return this.#object.sizeBytes;
  }

  get waitingCount(): number {
    return this.#state === "held" ? this.#waitingCount : 0;
  }

  get isDropped(): boolean {
    return this.#state === "dropped";
  }

  append(texts: readonly JournalText[]): Promise<readonly JournalEntry[] | undefined> {
    return this.#inTurn(async () => {
      if (this.#state !== "held") return undefined;
      const added = texts.map(({ recipients, text }) => ({
        index: this.#nextIndex++,
        waiting: recipients,
        text,
      }));
      this.#appendedMs = this.#options.objects.client.options.clock.now();
      if (!(await this.#put(added))) return undefined;
      for (const { index, waiting, text } of added) {
        this.#waiting.set(index, waiting);
        this.#texts?.set(index, text);
      }
      return this.#entriesOf(added.map(({ index, waiting }) => [index, waiting] as const));
    });
  }

  seal(): void {
    if (this.#texts !== undefined && this.#state !== "lost") this.#options.texts.set(this.name, this.#texts);
    this.#texts = undefined;
  }

  async scan(): Promise<readonly JournalEntry[]> {
    this.#waitingCount = 0;
    return this.#entriesOf([...this.#waiting]);
  }

  #entriesOf(records: readonly (readonly [number, readonly string[]])[]): readonly JournalEntry[] {
    const { recipients } = this.#options;
    const entries = records.flatMap(([index, waiting]) =>
      waiting.filter((id) => recipients.has(id)).map((id) => new ObjectEntry(this, index, id)),
    );
    this.#waitingCount += entries.length;
    return entries;
  }

  /** The text of a record; undefined if the segment is another process's by now. Waits for a store that does not answer. */
  async read(index: number): Promise<string | undefined> {
    while (this.#state === "held") {
      try {
        return (await this.#readTexts())?.get(index);
      } catch {
        // To take it for unreadable would be to lose it.
        await this.#options.objects.client.rest(readAgainMs);
      }
    }
    return undefined;
  }

  /** Notes that the recipient has had the record; the bucket learns of it later. */
  markDone(index: number, recipient: string): void {
    const waiting = this.#waiting.get(index);
    if (this.#state !== "held" || waiting?.includes(recipient) !== true) return;
    const left = waiting.filter((id) => id !== recipient);
    this.#waiting.set(index, left);
    if (left.length === 0) {
      this.#waiting.delete(index);
      this.#texts?.delete(index);
    }
    this.#waitingCount -= 1;
    this.#isStale = true;
    this.#options.noteDone(this);
  }

  /** Brings the bucket up to date. */
  flush(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#isStale && this.#state === "held" && this.#waiting.size > 0) await this.#put([]);
    });
  }

  /** Looks whether it still is this process's, if a listing shows another object than the one that was put. */
  check(etag: string): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#state !== "held" || this.#object.isLatest(etag)) return;
      if (!(await this.#object.isOurs())) this.#lose();
    });
  }

  drop(): void {
    this.#state = "dropped";
    this.#waiting.clear();
  }

  remove(): void {
    if (this.#state === "lost") return;
    if (this.#state === "held") this.#state = "closed";
    this.#options.noteEnd(this, { isLeft: false });
    this.#options.finish(this.name, () => this.#inTurn(() => this.#end()));
  }

  async close(): Promise<void> {
    if (this.waitingCount === 0) return this.remove();
    this.#state = "closed";
    this.#options.noteEnd(this, { isLeft: true });
    this.#options.finish(this.name, () => this.#inTurn(() => this.#leave()));
  }

  async #leave(): Promise<void> {
    if (this.#isStale) await this.#put([]);
  }

  /** What waits for recipients of other nodes stays, and is free. */
  async #end(): Promise<void> {
    if (this.#waiting.size > 0) await this.#put([], "");
    else await this.#object.delete();
  }

  /** False if another process has it. */
  async #put(added: readonly SegmentRecord[], holder = this.#options.id): Promise<boolean> {
    const texts = await this.#readTexts();
    if (texts === undefined) return this.#lose();
    this.#isStale = false;
    const records = [...withTexts(this.#waiting, texts), ...added];
    const isPut = await this.#object.put(records, { appendedMs: this.#appendedMs, holder }).catch((error: unknown) => {
      this.#isStale = true;
      throw error;
    });
    return isPut || this.#lose();
  }

  #lose(): false {
    this.#state = "lost";
    this.#waiting.clear();
    this.#options.texts.delete(this.name);
    this.#options.noteEnd(this, { isLeft: false });
    this.#options.noteDone(this);
    return false;
  }

  /** Undefined if the segment is gone. */
  async #readTexts(): Promise<SegmentTexts | undefined> {
    const { texts: kept } = this.#options;
    const known = this.#texts ?? kept.get(this.name);
    if (known !== undefined) return known;
    const found = await this.#object.read();
    if (found === undefined) return undefined;
    const texts = textsOf(found);
    kept.set(this.name, texts);
    return texts;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}

function textsOf({ records }: FoundSegment): Map<number, string> {
  return new Map(records.map(({ index, text }) => [index, text]));
}

function withTexts(waiting: ReadonlyMap<number, readonly string[]>, texts: SegmentTexts): readonly SegmentRecord[] {
  return [...waiting].flatMap(([index, recipients]) => {
    const text = texts.get(index);
    return text === undefined ? [] : [{ index, waiting: recipients, text }];
  });
}

/** There may be a hundred thousand of them, so an object without closures. */
class ObjectEntry implements JournalEntry {
  readonly recipient: string;
  readonly #segment: JournalObject;
  readonly #index: number;

  constructor(segment: JournalObject, index: number, recipient: string) {
    this.recipient = recipient;
    this.#segment = segment;
    this.#index = index;
  }

  isDropped(): boolean {
    return this.#segment.isDropped;
  }

  read(): Promise<string | undefined> {
    return this.#segment.read(this.#index);
  }

  done(): void {
    this.#segment.markDone(this.#index, this.recipient);
  }
}
