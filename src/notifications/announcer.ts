// What was done to repositories, as records for the endpoints that want them. Where the records wait is another's business,
// since that may be another process.
import type { RegistryEvent } from "../registry/events.ts";
import { formatNotification } from "./envelope.ts";
import {
  actionOf,
  type Describer,
  describeDeed,
  type Notification,
  type NotificationAction,
  type Source,
} from "./event.ts";
import { readReferences } from "./references.ts";

/** An event for some endpoints. */
export interface EventRecord {
  /** The endpoints' identifiers. */
  readonly recipients: readonly string[];
  readonly text: string;
}

/** Where events wait for their endpoints. */
export interface EventSink {
  /** Returns when the event is safe: on disk, or in the bucket. */
  keep(record: EventRecord): Promise<void>;
  /** Keeps the event in memory alone. */
  pass(record: EventRecord): void;
}

/** What an endpoint does not want. */
export interface EndpointInterest {
  readonly name: string;
  readonly ignoredMediaTypes: readonly string[];
  readonly ignoredActions: readonly string[];
}

/** How events are described. */
export interface Description {
  readonly includesReferences: boolean;
  readonly source: Source;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly uuid: () => string;
}

interface InterestedEndpoint {
  readonly id: string;
  readonly ignoredMediaTypes: ReadonlySet<string>;
  readonly ignoredActions: ReadonlySet<string>;
}

/** Describes events, and hands them on. */
export class Announcer {
  readonly #endpoints: readonly InterestedEndpoint[];
  readonly #sink: EventSink;
  readonly #describer: Describer;

  constructor(endpoints: readonly EndpointInterest[], sink: EventSink, description: Description) {
    this.#sink = sink;
    this.#endpoints = endpoints.map(({ ignoredMediaTypes, ignoredActions }, index) => ({
      id: endpointId(endpoints, index),
      ignoredMediaTypes: new Set(ignoredMediaTypes),
      ignoredActions: new Set(ignoredActions),
    }));
    const { source, now, uuid, includesReferences } = description;
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
    const interested = this.#endpoints.filter(({ ignoredActions }) => !ignoredActions.has(action));
    if (interested.length === 0) return;
    const notifications = await describeDeed(event, this.#describer);
    await Promise.all(notifications.map((notification) => this.#handOn(notification, interested)));
  }

  async #handOn(notification: Notification, interested: readonly InterestedEndpoint[]): Promise<void> {
    const { mediaType } = notification.target;
    const recipients = interested.filter(({ ignoredMediaTypes }) => !ignoredMediaTypes.has(mediaType));
    if (recipients.length === 0) return;
    const record = { recipients: recipients.map(({ id }) => id), text: formatNotification(notification) };
    if (notification.action === "pull") return this.#sink.pass(record);
    const keeping = this.#sink.keep(record);
    // A push that is refused can be repeated. A deletion cannot, and on a full disk has to be possible.
    await (isRepeatable(notification.action) ? keeping : keeping.catch(() => this.#sink.pass(record)));
  }
}

function isRepeatable(action: NotificationAction): boolean {
  return action !== "delete";
}

/** By its name, so that events follow an endpoint to another URL; distribution allows the same name twice. */
export function endpointId(endpoints: readonly { readonly name: string }[], index: number): string {
  const name = endpoints[index]?.name ?? "";
  const before = endpoints.slice(0, index).filter((other) => other.name === name).length;
  return new Bun.CryptoHasher("sha256").update(`${before}:${name}`).digest("hex").slice(0, 12);
}
