// What requests are answered from: the local registry, with caches of other registries in front of it where they are
// configured.
import type { Configuration } from "../config/schema.ts";
import type { ServerDescription } from "../http/api/server-description.ts";
import type { FindNamespaced } from "../http/namespace.ts";
import type { Logger } from "../log/logger.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { RepositoryName } from "../oci/name.ts";
import type { Report } from "../proxy/events.ts";
import { BlobSizes } from "../registry/blob-sizes.ts";
import { compileImmutable } from "../registry/immutable-tags.ts";
import { openRegistry, type Registry } from "../registry/registry.ts";
import type { Store } from "../registry/store.ts";
import type { Tracer } from "../tracing/tracer.ts";
import { createCacheReport } from "./caches/cache-report.ts";
import { CacheStatus } from "./caches/cache-status.ts";
import { checkUpstreams } from "./caches/check-upstreams.ts";
import { cleanCaches } from "./caches/evict-caches.ts";
import type { EvictionSchedule } from "./caches/eviction-schedule.ts";
import { openCaches } from "./caches/open-caches.ts";
import { createUpstreamWarnings } from "./caches/upstream-warnings.ts";
import { describeHolder } from "./store/chores.ts";
import { scheduleOf } from "./store/collector-schedule.ts";
import { rulesOf } from "./store/manifest-rules.ts";

/** What it is composed of. */
export interface RegistryDependencies {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly store: Store;
  readonly dataDirectory: string;
  /** Whether only the caller that started an upload session may use it. */
  readonly hasOwners: () => boolean;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly tracer: Tracer;
  /** Hears how much caches have received, if another process evicts. */
  readonly noteReceived?: (sizeBytes: number) => void;
}

/** The registry that the configuration describes. */
export interface ComposedRegistry {
  readonly registry: Registry;
  readonly findNamespaced: FindNamespaced | undefined;
  /** Whether another registry fills the repository. */
  readonly isCached: (name: RepositoryName) => boolean;
  /** How the caches and their upstreams are. */
  readonly describeCaches: () => Pick<ServerDescription, "upstreams" | "cached">;
  /** Begins what caches do by themselves: asking their upstreams once, and evicting. Ends when disposed of. */
  start(): Disposable;
  /** Notes what other processes have received into the caches. */
  received(sizeBytes: number): void;
}

/** Opens it; nothing is asked of upstreams or removed before `start`. */
export function composeRegistry(configuration: Configuration, dependencies: RegistryDependencies): ComposedRegistry {
  const { env, store, dataDirectory, logger } = dependencies;
  const sizes = new BlobSizes(store);
  const local = openLocal(configuration, { store, sizes, hasOwners: dependencies.hasOwners });
  const { proxy } = configuration;
  // Its metrics are shown without a cache too, as in distribution.
  const warnings = createUpstreamWarnings(logger);
  const tell = createCacheReport({ metrics: dependencies.metrics, logger, warnings });
  if (proxy === undefined) return withoutCaches(local);
  const status = new CacheStatus();
  let cleaning: EvictionSchedule | undefined;
  const received = (sizeBytes: number) => cleaning?.received(sizeBytes);
  const noteReceived = dependencies.noteReceived ?? received;
  const report: Report = (event) => {
    tell(event);
    status.note(event);
    if (event.kind === "received") noteReceived(event.sizeBytes);
  };
  const caches = openCaches(proxy, { env, store, local, sizes, report, trace: () => dependencies.tracer.call() });
  const start = () => {
    const upstreams = caches.upstreams.map(({ upstream }) => upstream);
    void checkUpstreams(upstreams, warnings);
    cleaning = cleanCaches(proxy, caches, { store, dataDirectory, logger, note: describeHolder(store.now()) });
    return cleaning;
  };
  const known = caches.upstreams.map(({ upstream: { host, url } }) => ({ host, url: url.href }));
  return {
    registry: caches.registry,
    findNamespaced: caches.registry.findNamespaced,
    isCached: caches.registry.isCached,
    describeCaches: () => ({ upstreams: status.describe(known), cached: status.cached }),
    start,
    received,
  };
}

function openLocal(
  configuration: Configuration,
  { store, sizes, hasOwners }: Pick<RegistryDependencies, "store" | "hasOwners"> & { readonly sizes: BlobSizes },
): Registry {
  return openRegistry(store, {
    rules: rulesOf(configuration.validation),
    isImmutable: compileImmutable(configuration.access.immutable),
    hasOwners,
    recordsPulls: !configuration.storage.maintenance.readonly.enabled,
    sizes,
    schedule: scheduleOf(configuration, store),
  });
}

function withoutCaches(registry: Registry): ComposedRegistry {
  return {
    registry,
    findNamespaced: undefined,
    isCached: () => false,
    describeCaches: () => ({ upstreams: [], cached: { hits: 0, misses: 0 } }),
    start: () => new DisposableStack(),
    received: () => undefined,
  };
}
