// Checks each upstream after the start, so that a mistake in its address or credentials is reported before the first
// pull.
import { messageOf } from "../lib/system-error.ts";
import type { Logger } from "../log/logger.ts";
import type { Upstream } from "../proxy/upstream.ts";

/** Asks each upstream once. A problem is a warning: it may go away without a restart, and the cache keeps serving. */
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
