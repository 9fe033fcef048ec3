// Checks each upstream after the start, so that a mistake in its address or credentials is reported before the first
// pull.
import { messageOf } from "../../lib/system-error.ts";
import { type ErrorCode, RegistryError } from "../../oci/errors.ts";
import type { Upstream } from "../../proxy/upstream.ts";
import type { UpstreamWarnings } from "./upstream-warnings.ts";

/** A request that failed like this has been reported by itself. */
const reported: readonly ErrorCode[] = ["UPSTREAM_UNREACHABLE", "UPSTREAM_TIMEOUT", "UPSTREAM_UNAVAILABLE"];

/** Asks each upstream once. A problem is a warning: it may go away without a restart, and the cache keeps serving. */
export async function checkUpstreams(
  upstreams: readonly Pick<Upstream, "host" | "check">[],
  warnings: UpstreamWarnings,
): Promise<void> {
  await Promise.all(
    upstreams.map((upstream) =>
      upstream.check().catch((error: unknown) => {
        const isReported = error instanceof RegistryError && reported.includes(error.code);
        if (!isReported) warnings.note(upstream.host, messageOf(error));
      }),
    ),
  );
}
