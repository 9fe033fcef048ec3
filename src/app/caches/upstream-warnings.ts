// Warnings about upstreams that are of no help: one that is down is asked by every pull, and one line a minute says so.
import { Occasional, onTimer } from "../../lib/occasional.ts";
import type { Logger } from "../../log/logger.ts";

/** Where failures of upstreams are noted, by host. */
export type UpstreamWarnings = Pick<Occasional<string>, "note">;

const intervalMs = 60_000;
/** More than anybody configures. */
const maxHosts = 1000;

/** At most one warning a minute and host, with the last reason and the number of times. */
export function createUpstreamWarnings(logger: Pick<Logger, "warn">, later = onTimer): UpstreamWarnings {
  return new Occasional<string>({
    intervalMs,
    maxKeys: maxHosts,
    say: (upstream, reason, count) => logger.warn("an upstream is of no help", { upstream, reason, count }),
    later,
  });
}
