// Eviction from the configured caches, including repositories that another registry has cached here.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { ProxyConfiguration } from "../../config/proxy-section.ts";
import type { Logger } from "../../log/logger.ts";
import type { RepositoryName } from "../../oci/name.ts";
import { evict } from "../../proxy/eviction/eviction.ts";
import { isAdopted } from "../../proxy/eviction/unlink.ts";
import { findUpstream } from "../../proxy/routing.ts";
import { parseSchedulerState, schedulerStateFile } from "../../proxy/scheduler-state.ts";
import { manifestsPrefix } from "../../registry/layout.ts";
import { walkRepositories } from "../../registry/repository-walk.ts";
import type { Store } from "../../registry/store.ts";
import { type EvictionSchedule, evictionTimes, scheduleEviction } from "./eviction-schedule.ts";
import type { OpenedCaches } from "./open-caches.ts";

/** What eviction works with. */
export interface CleaningDependencies {
  readonly store: Store;
  readonly dataDirectory: string;
  readonly logger: Logger;
  /** Names the evicting process to others that find an eviction in progress. */
  readonly note: string;
}

const maxNamedRepositories = 5;

/** Evicts on a schedule, and warns about local repositories under names of an upstream. */
export function cleanCaches(
  proxy: ProxyConfiguration,
  { routes, upstreams }: OpenedCaches,
  { store, dataDirectory, logger, note }: CleaningDependencies,
): EvictionSchedule {
  const taken = readTakenOver(dataDirectory, logger);
  const isKnownCached = (name: RepositoryName) =>
    taken.has(name) && findUpstream(routes, name)?.upstream === routes.main;
  const ttlOf = (name: RepositoryName) => {
    const upstream = findUpstream(routes, name)?.upstream;
    return upstreams.find((each) => each.upstream === upstream)?.ttlMs;
  };
  const { maxsize: maxBytes } = proxy;
  const times = evictionTimes(upstreams.map(({ ttlMs }) => ttlMs));
  void tellStrangers(store, { isCached: (name) => ttlOf(name) !== undefined, isKnownCached, logger }).catch((error) =>
    logger.error("looking for local repositories failed", { error: String(error) }),
  );
  return scheduleEviction({
    times,
    maxBytes,
    logger,
    evict: () => evict(store, { ttlOf, isKnownCached, maxBytes, note, graceMs: times.graceMs }),
  });
}

/** The repositories that registry:2 or registry:3 has cached here. */
function readTakenOver(dataDirectory: string, logger: Logger): ReadonlySet<RepositoryName> {
  const path = join(dataDirectory, schedulerStateFile);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return new Set();
  }
  const names = parseSchedulerState(text);
  if (names === undefined) logger.warn("the file in which registry:2 noted what it cached cannot be read", { path });
  return names ?? new Set();
}

interface StrangerDependencies {
  readonly isCached: (name: RepositoryName) => boolean;
  readonly isKnownCached: (name: RepositoryName) => boolean;
  readonly logger: Logger;
}

/** The upstream does not know what was pushed here; that is served until something else arrives under its name. */
async function tellStrangers(store: Store, { isCached, isKnownCached, logger }: StrangerDependencies): Promise<void> {
  const strangers: string[] = [];
  for await (const name of walkRepositories(store, manifestsPrefix)) {
    if (isCached(name) && !(await isAdopted(store, name, isKnownCached))) strangers.push(name);
    if (strangers.length > maxNamedRepositories) break;
    await nextTurn();
  }
  if (strangers.length === 0) return;
  const more = strangers.length > maxNamedRepositories ? " …" : "";
  logger.warn(
    "these repositories hold what did not come from the upstream that their names lead to; proxy.local keeps them local",
    {
      repositories: strangers.slice(0, maxNamedRepositories).join(" ") + more,
    },
  );
}
