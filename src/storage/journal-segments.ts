// What a journal consists of: files of a directory, or objects of a bucket. Each segment is worked on by one process, and
// taken over by another one when that process has died.

/** What is to be recorded. */
export interface JournalText {
  /** Identifiers of 12 hexadecimal digits. */
  readonly recipients: readonly string[];
  /** Without a line break. */
  readonly text: string;
}

/** A record that waits for one recipient. */
export interface JournalEntry {
  readonly recipient: string;
  /** Whether it was given up to make room. */
  isDropped(): boolean;
  /** Undefined: another process has taken it over. Throws if it can never be read again. */
  read(): Promise<string | undefined>;
  /** The recipient has had it. */
  done(): void;
}

/** A part of a journal that this process works on. */
export interface JournalSegment {
  /** What was made later has a later name. */
  readonly name: string;
  readonly sizeBytes: number;
  /** How many entries are neither done, nor given up, nor another process's. */
  readonly waitingCount: number;
  /**
   * Adds records; returns what waits when they are safe. Undefined: another process has taken the segment over, and the
   * records have to go into another one. After a failure nothing may be added any more.
   */
  append(texts: readonly JournalText[]): Promise<readonly JournalEntry[] | undefined>;
  /** Nothing will be added any more. */
  seal(): void;
  /** Every entry that waits, in its order. */
  scan(): Promise<readonly JournalEntry[]>;
  /** Gives its records up. */
  drop(): void;
  /** Removes it. */
  remove(): void;
  /** Leaves it to whoever takes it over. */
  close(): Promise<void>;
}

/** Hears of segments, and knows them. */
export interface SegmentHolder {
  /** One entry less waits in the segment. */
  readonly noteDone: (segment: JournalSegment) => void;
  /** Whether this process works on the segment of that name. */
  readonly isHeld: (name: string) => boolean;
}

/** Where segments lie. */
export interface JournalSegments {
  /** After so many bytes the next segment begins. */
  readonly segmentBytes: number;
  /** When nothing has waited in a segment for so long, it goes; undefined: when it is full. */
  readonly idleMs: number | undefined;
  /** A new segment, which this process works on. */
  create(holder: SegmentHolder): Promise<JournalSegment>;
  /** Takes over what no process works on, in the order of names. */
  takeOver(holder: SegmentHolder): AsyncIterable<JournalSegment>;
  /** Lets others have what was left, and at once. */
  close(): Promise<void>;
}
