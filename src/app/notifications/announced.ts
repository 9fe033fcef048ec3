// What is announced of a registry, to which endpoints: the part of notifications that every process does which answers
// requests. Where events wait, and who delivers them, is another part.
import { hostname } from "node:os";
import { parseListenAddress } from "../../config/listen-address.ts";
import type { Configuration } from "../../config/schema.ts";
import { Announcer, type Description, type EndpointInterest, type EventSink } from "../../notifications/announcer.ts";
import { withEvents } from "../../registry/events.ts";
import type { Registry } from "../../registry/registry.ts";
import type { Store } from "../../registry/store.ts";

/** Who announces. */
export interface AnnouncingDependencies {
  readonly store: Pick<Store, "now" | "uuid">;
  /** By which receivers know this registry from its start to its end. */
  readonly instanceId: string;
}

type ConfiguredEndpoint = Configuration["notifications"]["endpoints"][number] & EndpointInterest;

/** The endpoints that are on, and what they do not want. */
export function configuredEndpoints({ notifications }: Configuration): readonly ConfiguredEndpoint[] {
  return notifications.endpoints
    .filter(({ disabled }) => !disabled)
    .map((endpoint) => ({
      ...endpoint,
      ignoredMediaTypes: [...endpoint.ignoredmediatypes, ...endpoint.ignore.mediatypes],
      ignoredActions: endpoint.ignore.actions,
    }));
}

/** How events are described. */
export function describeFor(configuration: Configuration, { store, instanceId }: AnnouncingDependencies): Description {
  return {
    includesReferences: configuration.notifications.events.includereferences,
    source: { addr: sourceAddress(configuration), instanceID: instanceId },
    now: store.now,
    uuid: store.uuid,
  };
}

/** The same registry, whose events wait in the sink; the registry itself if there is no endpoint. */
export function withAnnouncements(
  registry: Registry,
  configuration: Configuration,
  { sink, ...dependencies }: AnnouncingDependencies & { readonly sink: EventSink },
): Registry {
  const endpoints = configuredEndpoints(configuration);
  if (endpoints.length === 0) return registry;
  const announcer = new Announcer(endpoints, sink, describeFor(configuration, dependencies));
  return withEvents(registry, (event) => announcer.notify(event));
}

/** As distribution names itself: this machine, and the configured port. */
function sourceAddress({ http }: Configuration): string {
  const { port } = parseListenAddress(http.addr) ?? {};
  return port === undefined ? hostname() : `${hostname()}:${port}`;
}
