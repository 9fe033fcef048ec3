// The audit log: who changed what, and who logged in. One JSON object a line; whoever records something waits until the
// line is written, so that nothing is acknowledged that the log does not say.
import { formatJson } from "./logger.ts";

/** What a line says beside its time. Absent values are left out. */
export type AuditEntry = Readonly<Record<string, string | number | readonly string[] | undefined>>;

/** How an audit log writes. */
export interface AuditLogOptions {
  /** Appends text to where the log is. */
  readonly append: (text: string) => Promise<void>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Told about lines that could not be written. */
  readonly onFailure: (error: unknown) => void;
}

/** Writes lines in the order in which they come; those that come during a write go together in the next one. */
export class AuditLog {
  readonly #options: AuditLogOptions;
  #waiting = "";
  #next: Promise<void> | undefined;
  #current: Promise<void> = Promise.resolve();
  #isTorn = false;

  constructor(options: AuditLogOptions) {
    this.#options = options;
  }

  /** Returns when the line is written, or reported as lost: the registry keeps working when the log's disk is full. */
  record(entry: AuditEntry): Promise<void> {
    this.#waiting += `${formatJson({ time: new Date(this.#options.now()).toISOString(), ...entry })}\n`;
    this.#next ??= this.#current.then(() => this.#write());
    return this.#next;
  }

  async #write(): Promise<void> {
    const lines = this.#waiting;
    this.#waiting = "";
    this.#current = this.#next ?? this.#current;
    this.#next = undefined;
    try {
      // A failed write may have left a part of a line.
      await this.#options.append(this.#isTorn ? `\n${lines}` : lines);
      this.#isTorn = false;
    } catch (error) {
      this.#isTorn = true;
      this.#options.onFailure(error);
    }
  }
}
