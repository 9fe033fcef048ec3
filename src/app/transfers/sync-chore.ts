// Mirrors that are kept up to date while the server runs.
import type { Configuration } from "../../config/schema.ts";
import { formatSize } from "../../lib/size.ts";
import type { Logger } from "../../log/logger.ts";
import type { Registry } from "../../registry/registry.ts";
import type { Store } from "../../registry/store.ts";
import type { ChoreMetrics } from "../observe/chore-metrics.ts";
import { describeHolder } from "../store/chores.ts";
import { repeat } from "../timer.ts";
import { type Mirror, mirroredMs, mirrorsOf } from "./mirrors.ts";
import { openCopiedStore } from "./places.ts";
import { type SyncEvent, syncMirrors } from "./sync.ts";

/** What the schedule works with. */
export interface SyncChoreDependencies {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly store: Store;
  /** Told of pushes and deletions. */
  readonly told: Registry;
  readonly logger: Logger;
  readonly metrics: ChoreMetrics;
}

const firstMs = 10_000;
/** How often it is looked what is due; a mirror that failed is tried again with the next look but two. */
const lookMs = 60_000;
const retryMs = 15 * 60_000;

/** Starts the schedule; nothing, if there are no mirrors. Disposal ends it, and a run in progress with it. */
export function startSync(configuration: Configuration, dependencies: SyncChoreDependencies): readonly Disposable[] {
  const mirrors = mirrorsOf(configuration);
  if (mirrors.length === 0) return [];
  const { store, logger, metrics } = dependencies;
  if (configuration.storage.maintenance.readonly.enabled) {
    logger.warn("mirrors are not kept up to date, because the registry is read-only");
    return [];
  }
  const abort = new AbortController();
  const triedMs = new Map<Mirror, number>();
  const run = async () => {
    const due = await findDue(mirrors, store, triedMs);
    if (due.length === 0) return;
    for (const mirror of due) triedMs.set(mirror, store.now());
    const outcome = await syncMirrors(due, {
      env: dependencies.env,
      uid: process.getuid?.(),
      warn: (sentence) => logger.warn(sentence),
      now: store.now,
      isPlain: false,
      signal: abort.signal,
      copied: openCopiedStore(store, configuration),
      told: dependencies.told,
      note: describeHolder(store.now()),
      report: (event) => log(event, logger),
    });
    metrics.synced("heldBy" in outcome ? "busy" : outcome);
  };
  const report = (error: unknown) => {
    if (abort.signal.aborted) return;
    metrics.synced("failed");
    logger.error("keeping mirrors up to date failed", { error: String(error) });
  };
  return [
    repeat(run, { firstMs, intervalMs: Math.min(lookMs, ...mirrors.map(({ intervalMs }) => intervalMs)), report }),
    { [Symbol.dispose]: () => abort.abort(new DOMException("the server stops", "AbortError")) },
  ];
}

/** Those whose time has come, by whichever process they were brought up to date last. */
async function findDue(
  mirrors: readonly Mirror[],
  store: Store,
  triedMs: ReadonlyMap<Mirror, number>,
): Promise<readonly Mirror[]> {
  const due: Mirror[] = [];
  const nowMs = store.now();
  for (const mirror of mirrors) {
    const lastMs = await mirroredMs(store, mirror);
    const isUpToDate = lastMs !== undefined && Math.abs(nowMs - lastMs) < mirror.intervalMs;
    const hasJustFailed = nowMs - (triedMs.get(mirror) ?? 0) < Math.min(retryMs, mirror.intervalMs);
    if (!isUpToDate && !hasJustFailed) due.push(mirror);
  }
  return due;
}

function log(event: SyncEvent, logger: Logger): void {
  if (event.kind === "copied") {
    logger.info("mirrored an image", { from: event.from, to: event.to, digest: event.digest });
  } else if (event.kind === "deleted") {
    logger.info("deleted a tag that the upstream no longer has", { tag: event.to });
  } else if (event.kind === "failed") {
    logger.warn("a mirror could not be brought up to date", { what: event.what, problem: event.problem });
  } else {
    const { kind: _kind, sentBytes, ...counted } = event;
    logger.info("brought a mirror up to date", { ...counted, received: formatSize(sentBytes) });
  }
}
