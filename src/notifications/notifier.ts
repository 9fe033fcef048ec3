// Tells endpoints what was done to repositories. Pushes, mounts and deletions are in the journal before whoever did them
// is answered, and are delivered at least once; pulls wait in memory and are lost with the process.
import type { RegistryEvent } from "../registry/events.ts";
import { Delivery } from "./delivery.ts";
import { formatNotification } from "./envelope.ts";
import {
  actionOf,
  type Describer,
  describeDeed,
  type Notification,
  type NotificationAction,
  type Source,
} from "./event.ts";
import type { WaitingEvent } from "./queue.ts";
import { readReferences } from "./references.ts";
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

/** Events on disk. */
export interface EventJournal {
  /** Returns when the event is on disk. */
  append(text: { readonly recipients: readonly string[]; readonly text: string }): Promise<void>;
  /** Takes over what processes left that died. */
  takeOver(): Promise<void>;
  close(): Promise<void>;
}

/** Hears of the events in a journal. */
export interface JournalHearer {
  /** Takes an event for one recipient. */
  readonly take: (event: WaitingEvent & { readonly recipient: string }) => void;
  /** Events were given up. */
  readonly noteDrop: () => void;
}

/** What notifications work with. */
export interface NotifierOptions {
  readonly endpoints: readonly Endpoint[];
  readonly includesReferences: boolean;
  readonly source: Source;
  readonly openJournal: (hearer: JournalHearer) => EventJournal;
  readonly report: ReportNotification;
  readonly fetch: Fetch;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly uuid: () => string;
}

interface Receiver {
  readonly id: string;
  readonly delivery: Delivery;
  readonly ignoredMediaTypes: ReadonlySet<string>;
  readonly ignoredActions: ReadonlySet<string>;
}

/** Pulls that wait for one endpoint: about 7 MB. */
const maxPassing = 10_000;

/** Delivers events to endpoints. */
export class Notifier {
  readonly #receivers: readonly Receiver[];
  readonly #journal: EventJournal;
  readonly #describer: Describer;

  constructor(options: NotifierOptions) {
    const { endpoints, includesReferences, source, now, uuid } = options;
    this.#receivers = endpoints.map((endpoint, index) => openReceiver(endpoint, idOf(endpoints, index), options));
    this.#journal = options.openJournal({
      take: (event) => this.#take(event),
      noteDrop: () => this.#receivers.forEach(({ delivery }) => void delivery.removeDropped()),
    });
    this.#describer = {
      source,
      now,
      uuid,
      referencesOf: async ({ bytes }) => {
        const read = includesReferences ? await bytes().catch(() => undefined) : undefined;
        return read === undefined ? undefined : await readReferences(read);
      },
    };
  }

  /** Returns when the event waits for every endpoint that wants it. */
  async notify(event: RegistryEvent): Promise<void> {
    const action = actionOf(event.deed);
    const interested = this.#receivers.filter(({ ignoredActions }) => !ignoredActions.has(action));
    if (interested.length === 0) return;
    const notifications = await describeDeed(event, this.#describer);
    await Promise.all(notifications.map((notification) => this.#queue(notification, interested)));
  }

  async #queue(notification: Notification, interested: readonly Receiver[]): Promise<void> {
    const { mediaType } = notification.target;
    const receivers = interested.filter(({ ignoredMediaTypes }) => !ignoredMediaTypes.has(mediaType));
    if (receivers.length === 0) return;
    const text = formatNotification(notification);
    const keepInMemory = () => receivers.forEach(({ delivery }) => void delivery.addPassing(text));
    if (notification.action === "pull") return keepInMemory();
    const appending = this.#journal.append({ recipients: receivers.map(({ id }) => id), text });
    // A push that is refused can be repeated. A deletion cannot, and on a full disk has to be possible.
    await (isRepeatable(notification.action) ? appending : appending.catch(keepInMemory));
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

function isRepeatable(action: NotificationAction): boolean {
  return action !== "delete";
}

function openReceiver(endpoint: Endpoint, id: string, { report, fetch }: NotifierOptions): Receiver {
  const { name, threshold, backoffMs } = endpoint;
  const webhook = { ...endpoint, fetch };
  const post = (body: string, stop: AbortSignal) => postEnvelope(body, webhook, stop);
  return {
    id,
    delivery: new Delivery({ endpoint: name, threshold, backoffMs, maxPassing, post, report }),
    ignoredMediaTypes: new Set(endpoint.ignoredMediaTypes),
    ignoredActions: new Set(endpoint.ignoredActions),
  };
}

/** By its name, so that events follow an endpoint to another URL; distribution allows the same name twice. */
function idOf(endpoints: readonly Endpoint[], index: number): string {
  const name = endpoints[index]?.name ?? "";
  const before = endpoints.slice(0, index).filter((other) => other.name === name).length;
  return new Bun.CryptoHasher("sha256").update(`${before}:${name}`).digest("hex").slice(0, 12);
}
