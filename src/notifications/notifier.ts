// Tells endpoints what was done to repositories. Pushes, mounts and deletions are in the journal before whoever did them
// is answered, and are delivered at least once; pulls wait in memory and are lost with the process.
import type { RegistryEvent } from "../registry/events.ts";
import { Announcer, type Description, type EventRecord, type EventSink, endpointId } from "./announcer.ts";
import { Delivery } from "./delivery.ts";
import type { WaitingEvent } from "./queue.ts";
import type { ReportNotification } from "./report.ts";
import { type Fetch, postEnvelope, type WebhookOptions } from "./webhook.ts";

/** One endpoint. */
export interface Endpoint extends Omit<WebhookOptions, "fetch"> {
  readonly name: string;
  /** After how many failures in a row it is left alone for `backoffMs` before each try. */
  readonly threshold: number;
  readonly backoffMs: number;
  readonly ignoredMediaTypes: readonly string[];
  readonly ignoredActions: readonly string[];
}

/** Events that outlive the process. */
export interface EventJournal {
  /** Returns when the event is safe. */
  append(text: EventRecord): Promise<void>;
  /** Takes over what processes left that died. */
  takeOver(): Promise<void>;
  close(): Promise<void>;
}

/** Hears of the events in a journal. */
export interface JournalHearer {
  /** The identifiers of the endpoints that there are. */
  readonly recipients: readonly string[];
  /** Takes an event for one recipient. */
  readonly take: (event: WaitingEvent & { readonly recipient: string }) => void;
  /** Events were given up. */
  readonly noteDrop: () => void;
}

/** What notifications work with. */
export interface NotifierOptions extends Description {
  readonly endpoints: readonly Endpoint[];
  readonly openJournal: (hearer: JournalHearer) => EventJournal;
  readonly report: ReportNotification;
  readonly fetch: Fetch;
}

interface Receiver {
  readonly id: string;
  readonly delivery: Delivery;
}

/** Pulls that wait for one endpoint: about 7 MB. */
const maxPassing = 10_000;

/** Delivers events to endpoints. */
export class Notifier implements EventSink {
  readonly #receivers: readonly Receiver[];
  readonly #journal: EventJournal;
  readonly #announcer: Announcer;

  constructor(options: NotifierOptions) {
    const { endpoints } = options;
    this.#receivers = endpoints.map((endpoint, index) => openReceiver(endpoint, endpointId(endpoints, index), options));
    this.#journal = options.openJournal({
      recipients: this.#receivers.map(({ id }) => id),
      take: (event) => this.#take(event),
      noteDrop: () => this.#receivers.forEach(({ delivery }) => void delivery.removeDropped()),
    });
    this.#announcer = new Announcer(endpoints, this, options);
  }

  /** Returns when the event waits for every endpoint that wants it. */
  notify(event: RegistryEvent): Promise<void> {
    return this.#announcer.notify(event);
  }

  keep(record: EventRecord): Promise<void> {
    return this.#journal.append(record);
  }

  pass({ recipients, text }: EventRecord): void {
    for (const { id, delivery } of this.#receivers) if (recipients.includes(id)) delivery.addPassing(text);
  }

  /** What an endpoint that is gone from the configuration would have got is forgotten. */
  #take(event: WaitingEvent & { readonly recipient: string }): void {
    const receiver = this.#receivers.find(({ id }) => id === event.recipient);
    if (receiver === undefined) event.done();
    else receiver.delivery.addLasting(event);
  }

  /** Takes over what processes left that died. */
  takeOver(): Promise<void> {
    return this.#journal.takeOver();
  }

  /** Delivers what can be delivered within this time, and leaves the rest in the journal. */
  async stop(withinMs: number): Promise<void> {
    await Promise.all(this.#receivers.map(({ delivery }) => delivery.stop(withinMs)));
    await this.#journal.close();
  }
}

function openReceiver(endpoint: Endpoint, id: string, { report, fetch }: NotifierOptions): Receiver {
  const { name, threshold, backoffMs } = endpoint;
  const webhook = { ...endpoint, fetch };
  const post = (body: string, stop: AbortSignal) => postEnvelope(body, webhook, stop);
  return { id, delivery: new Delivery({ endpoint: name, threshold, backoffMs, maxPassing, post, report }) };
}
