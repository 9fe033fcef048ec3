// The registry whose blobs are read through copies on this node's disk, if that is configured.
import { join } from "node:path";
import type { Configuration } from "../../config/schema.ts";
import { Occasional, onTimer } from "../../lib/occasional.ts";
import { messageOf } from "../../lib/system-error.ts";
import type { Logger } from "../../log/logger.ts";
import { withHotBlobs } from "../../registry/hot-blobs.ts";
import type { Registry } from "../../registry/registry.ts";
import { KeptFiles } from "../../storage/kept-files.ts";
import { StartError } from "../start-error.ts";

/** What it needs from the process. */
export interface HotBlobDependencies {
  /** The node's own. */
  readonly dataDirectory: string;
  readonly logger: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

const sayEveryMs = 60_000;

/** The registry itself without a bucket, or without `storage.s3.cache.maxsize`; throws a StartError. */
export function openHotBlobs(
  { storage: { s3 } }: Configuration,
  registry: Registry,
  dependencies: HotBlobDependencies,
): Registry {
  const { maxsize: maxBytes, directory = join(dependencies.dataDirectory, "cache") } = s3.cache;
  if (!s3.isOn || maxBytes === undefined) return registry;
  const { logger, now } = dependencies;
  const problems = new Occasional<string>({
    intervalMs: sayEveryMs,
    maxKeys: 1,
    say: (_key, problem, count) => logger.warn("the cache of blobs on this node's disk", { problem, count }),
    later: onTimer,
  });
  const report = (problem: string) => problems.note("cache", problem);
  try {
    return withHotBlobs(registry, new KeptFiles({ directory, maxBytes, now, report }));
  } catch (error) {
    throw new StartError(`the directory of storage.s3.cache cannot be used: ${messageOf(error)}`);
  }
}
