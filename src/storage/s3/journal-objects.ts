// The segments of a journal in a bucket: objects, each worked on by the process that it names, for as long as that process
// shows that it lives. Nothing hangs on that being right: what two processes work on is told twice.
//
//   notifications/segments/<time>-<uuid>   see journal-lines.ts
//   notifications/holders/<uuid>           put while its process lives, as long as something waits; empty: it has ended
import { BoundedMap } from "../../lib/bounded-map.ts";
import type { JournalSegment, JournalSegments, SegmentHolder } from "../journal-segments.ts";
import type { BucketObjects, ObjectStat } from "./bucket-objects.ts";
import type { SegmentTexts } from "./journal-lines.ts";
import { JournalObject, type JournalObjectOptions } from "./journal-object.ts";
import { isFree, type JournalTiming, mayBeFree, recordsToKeep, type TakeoverFacts } from "./journal-takeover.ts";
import { listObjects } from "./listing.ts";
import { type FoundSegment, readSegment } from "./segment-object.ts";

/** A journal of a bucket. */
export interface JournalObjectsOptions {
  readonly objects: BucketObjects;
  /** The prefix that it lies below, with its slash at the end. */
  readonly prefix: string;
  readonly newId: () => string;
  /** Whom events can be delivered to from here. */
  readonly recipients: readonly string[];
  /** The same for all nodes. */
  readonly timing: JournalTiming;
}

/** So much is sent with each append while nobody takes anything. */
const segmentBytes = 128 * 1024;
/** Characters of segments that wait. */
const maxKeptLength = 8 * 1024 * 1024;
const maxSeen = 10_000;
const oldSignMs = 24 * 3_600_000;
/** A process that ends waits no longer for a store that does not answer. */
const patienceAtEndMs = 5000;

/** What was seen of a segment that was left alone. */
interface SeenSegment {
  readonly etag: string;
  readonly holder: string;
  /** Until then it may be left to nodes that know its recipients. */
  readonly untilMs: number | undefined;
}

/** The segments of one process. */
export class JournalObjects implements JournalSegments {
  readonly segmentBytes = segmentBytes;
  readonly idleMs: number;
  readonly #options: JournalObjectsOptions;
  readonly #id: string;
  readonly #recipients: ReadonlySet<string>;
  readonly #held = new Map<string, JournalObject>();
  /** What is still to be done about segments that are no longer held. */
  readonly #ends = new Map<string, () => Promise<void>>();
  readonly #texts = new BoundedMap<string, SegmentTexts>(maxKeptLength, lengthOf);
  readonly #seen = new BoundedMap<string, SeenSegment>(maxSeen);
  readonly #timer: Timer;
  #isKeeping = false;
  #signMs: number | undefined;
  /** Whether something is left for others. */
  #isLeaving = false;

  constructor(options: JournalObjectsOptions) {
    this.#options = options;
    this.idleMs = options.timing.idleMs;
    this.#id = options.newId();
    this.#recipients = new Set(options.recipients);
    this.#timer = setInterval(() => void this.keep(), options.timing.keepEveryMs);
    // It is no reason for a program to go on.
    this.#timer.unref();
  }

  async create(holder: SegmentHolder): Promise<JournalSegment> {
    const name = `${Math.floor(this.#now()).toString().padStart(15, "0")}-${this.#options.newId()}`;
    const segment = new JournalObject(name, this.#optionsFor(holder));
    this.#held.set(name, segment);
    return segment;
  }

  /** As long as something waits: tells others that this process lives, and the bucket what was delivered. Never throws. */
  async keep(): Promise<void> {
    if (this.#isKeeping) return;
    this.#isKeeping = true;
    await this.#giveSign().catch(() => undefined);
    for (const [name, end] of [...this.#ends]) await this.#finish(name, end);
    for (const segment of [...this.#held.values()]) await segment.flush().catch(() => undefined);
    this.#isKeeping = false;
  }

  async #giveSign(): Promise<void> {
    const isWaiting = [...this.#held.values()].some(({ waitingCount }) => waitingCount > 0);
    const isDue = this.#now() - (this.#signMs ?? 0) >= this.#options.timing.lifetimeMs / 4;
    if (!isWaiting || !isDue) return;
    await this.#options.objects.put(this.#signKey(this.#id), new TextEncoder().encode("alive"));
    this.#signMs = this.#now();
  }

  async *takeOver(holder: SegmentHolder): AsyncGenerator<JournalSegment> {
    const { facts, segments } = await this.#list();
    for (const [name, stat] of segments) {
      if (this.#ends.has(name)) continue;
      const held = this.#held.get(name);
      const taken = held === undefined ? await this.#takeOver(name, stat, facts, holder) : undefined;
      if (taken !== undefined) yield taken;
      // A process that slept for too long finds out here what others took over.
      await held?.check(stat.etag);
    }
    for (const [id, { changedMs }] of facts.holders) {
      if (changedMs + oldSignMs < facts.nowMs) await this.#options.objects.delete(this.#signKey(id));
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    const ending = async () => {
      for (const [name, end] of [...this.#ends]) await this.#finish(name, end);
      const { objects } = this.#options;
      // Others need not wait.
      if (this.#isLeaving) await objects.put(this.#signKey(this.#id), new Uint8Array());
      else if (this.#signMs !== undefined) await objects.delete(this.#signKey(this.#id));
    };
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, patienceAtEndMs);
    await Promise.race([ending().catch(() => undefined), promise]);
    clearTimeout(timer);
  }

  async #list(): Promise<{ readonly facts: TakeoverFacts; readonly segments: ReadonlyMap<string, ObjectStat> }> {
    const { objects, prefix, timing } = this.#options;
    const holders = new Map<string, { readonly changedMs: number; readonly isEnded: boolean }>();
    const segments = new Map<string, ObjectStat>();
    for await (const { key, stat } of listObjects(objects.client, { prefix })) {
      const [place, name = ""] = key.slice(prefix.length).split("/");
      const { changedMs, sizeBytes } = stat;
      if (place === "holders") holders.set(name, { changedMs, isEnded: sizeBytes === 0 });
      if (place === "segments") segments.set(name, stat);
    }
    return { facts: { id: this.#id, nowMs: this.#now(), holders, lifetimeMs: timing.lifetimeMs }, segments };
  }

  async #takeOver(
    name: string,
    { etag, changedMs }: ObjectStat,
    facts: TakeoverFacts,
    holder: SegmentHolder,
  ): Promise<JournalObject | undefined> {
    const seen = this.#seen.get(name);
    if (seen?.etag === etag) {
      const isLeft = seen.untilMs !== undefined && facts.nowMs < seen.untilMs;
      if (isLeft || !isFree({ holder: seen.holder, changedMs }, facts)) return undefined;
    } else if (!mayBeFree(changedMs, facts)) return undefined;
    const found = await readSegment(this.#options.objects, this.#segmentKey(name));
    // Gone, or another program's.
    if (found === undefined) this.#seen.set(name, { etag, holder: "", untilMs: Number.POSITIVE_INFINITY });
    const records = found && this.#recordsFor(name, found, facts);
    if (found === undefined || records === undefined) return undefined;
    const taken = await JournalObject.takeOver(name, { ...found, records }, this.#optionsFor(holder));
    if (taken !== undefined) this.#held.set(name, taken);
    return taken;
  }

  /** What is to be taken over; undefined: the segment is left alone. */
  #recordsFor(name: string, found: FoundSegment, facts: TakeoverFacts): FoundSegment["records"] | undefined {
    const recipients = this.#recipients;
    const { holder, appendedMs } = found.head;
    const { etag, changedMs } = found.stat;
    const isTaken = !isFree({ holder, changedMs }, facts);
    const untilMs = appendedMs + this.#options.timing.strangersMs;
    const records = recordsToKeep(found.records, { recipients, isOver: untilMs < facts.nowMs });
    const isForOthers = records.length > 0 && !records.some(({ waiting }) => waiting.some((id) => recipients.has(id)));
    if (!isTaken && !isForOthers) return records;
    this.#seen.set(name, { etag, holder, untilMs: isTaken ? undefined : untilMs });
    return undefined;
  }

  #optionsFor({ noteDone }: SegmentHolder): JournalObjectOptions {
    return {
      objects: this.#options.objects,
      keyOf: (name) => this.#segmentKey(name),
      id: this.#id,
      recipients: this.#recipients,
      texts: this.#texts,
      noteDone,
      noteEnd: ({ name }, { isLeft }) => {
        this.#held.delete(name);
        this.#isLeaving ||= isLeft;
      },
      finish: (name, end) => {
        this.#ends.set(name, end);
        void this.#finish(name, end);
      },
    };
  }

  /** What fails is tried again with the next round. */
  async #finish(name: string, end: () => Promise<void>): Promise<void> {
    await end().then(
      () => this.#ends.delete(name),
      () => undefined,
    );
  }

  #segmentKey(name: string): string {
    return `${this.#options.prefix}segments/${name}`;
  }

  #signKey(id: string): string {
    return `${this.#options.prefix}holders/${id}`;
  }

  #now(): number {
    return this.#options.objects.client.options.clock.now();
  }
}

function lengthOf(texts: SegmentTexts): number {
  return [...texts.values()].reduce((sum, { length }) => sum + length + 1, 0);
}
