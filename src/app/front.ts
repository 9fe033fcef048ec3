// What requests are answered from: the store and the registry on it, access control, and the records of both. The one process
// has it, and so has every worker.
import type { Configuration } from "../config/schema.ts";
import type { Logger } from "../log/logger.ts";
import type { Registry } from "../registry/registry.ts";
import type { Store } from "../registry/store.ts";
import type { AccessDependencies } from "./access/open-access.ts";
import { openSwitchedAccess, type SwitchedAccess } from "./access/switched-access.ts";
import { type ComposedRegistry, composeRegistry, type RegistryDependencies } from "./compose-registry.ts";
import { withLoginMetrics } from "./observe/login-metrics.ts";
import type { Monitoring } from "./observe/monitoring.ts";
import { noteLoginIn, openAudit, withAudit } from "./observe/open-audit.ts";
import { type OpenedTracing, openTracing } from "./observe/open-tracing.ts";
import { openHotBlobs } from "./store/open-hot-blobs.ts";

/** What it is opened with. */
export interface FrontDependencies
  extends Pick<AccessDependencies, "hasFile" | "failures" | "decided" | "shared">,
    Pick<RegistryDependencies, "noteReceived"> {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Writes to standard output. */
  readonly print: (text: string) => void;
  readonly logger: Logger;
  readonly monitoring: Monitoring;
  readonly store: Store;
  readonly dataDirectory: string;
}

/** Opened. */
export interface Front {
  /** Watched. */
  readonly store: Store;
  readonly access: SwitchedAccess;
  readonly tracing: OpenedTracing;
  readonly composed: ComposedRegistry;
  /** With the audit log; webhooks wrap it once more. */
  readonly registry: Registry;
}

/** Opens it; throws a StartError. */
export async function openFront(configuration: Configuration, dependencies: FrontDependencies): Promise<Front> {
  const { env, logger, monitoring, dataDirectory } = dependencies;
  const { metrics } = monitoring;
  const audit = await openAudit(configuration.log.audit, dependencies);
  const noteLogin = withLoginMetrics(noteLoginIn(audit), metrics);
  const access = await openSwitchedAccess(configuration, { ...dependencies, noteLogin });
  const tracing = openTracing({ env, logger });
  const store = monitoring.watchStore(dependencies.store);
  const hasOwners = () => access.now() !== undefined;
  const { noteReceived } = dependencies;
  const parts = { env, tracer: tracing.tracer, store, dataDirectory, hasOwners, metrics, logger };
  const composed = composeRegistry(configuration, {
    ...parts,
    ...(noteReceived === undefined ? {} : { noteReceived }),
  });
  const registry = openHotBlobs(configuration, composed.registry, dependencies);
  return { store, access, tracing, composed, registry: withAudit(registry, audit) };
}
