// How long an upstream may take.
import type { LeastRate } from "../lib/least-rate.ts";
import type { BackoffTimes } from "./backoff.ts";

/** How long an upstream may take. */
export interface UpstreamTimes extends BackoffTimes {
  /** For a whole answer; for the head alone where it is a blob's. */
  readonly answerMs: number;
  /** For a whole answer where something cached can be served instead. */
  readonly recheckMs: number;
  /** Between two chunks of a body. */
  readonly stallMs: number;
  /** Before a transfer that broke off is gone on with; grows with each failure. */
  readonly pauseMs: number;
  /** At which a blob has to come. */
  readonly leastRate: LeastRate;
}
