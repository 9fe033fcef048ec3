// A look at each upstream after the start, so that a mistake in its address or credentials is told before the first pull.
import { messageOf } from "../lib/system-error.ts";
import type { Logger } from "../log/logger.ts";
import type { Upstream } from "../proxy/upstream.ts";

/** Asks each upstream once. What is in the way is a warning: it may be mended without a restart, and the cache serves on. */
export async function checkUpstreams(
  upstreams: readonly Pick<Upstream, "host" | "check">[],
  logger: Pick<Logger, "warn">,
): Promise<void> {
  await Promise.all(
    upstreams.map((upstream) =>
      upstream.check().catch((error: unknown) => {
        logger.warn("an upstream cannot be used yet", { upstream: upstream.host, reason: messageOf(error) });
      }),
    ),
  );
}
