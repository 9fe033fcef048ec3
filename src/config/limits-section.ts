// The section `http.limits`. In a key that takes 0, it means that there is no limit.
import { section } from "./about.ts";
import { countLimit, duration, rateLimit, sizeBetween, sizeLimit } from "./values.ts";

/** Bun's idle timeout ends here, and is checked every four seconds. */
const idleBounds = { leastMs: 4000, mostMs: 255_000 };

const idleTimeout = duration.refine(
  (idleMs) => idleMs === 0 || (idleMs >= idleBounds.leastMs && idleMs <= idleBounds.mostMs),
  { error: "must be from 4s to 255s, or 0s for no limit" },
);

/** What callers may use. */
export const limits = section({
  connections: countLimit
    .prefault("10000")
    .describe(
      "How many connections are open; at the limit idle ones are closed, and requests answered 503. 0: no limit.",
    ),
  uploads: countLimit
    .prefault("1000")
    .describe("How many bodies of uploads are received at once; more are answered 503. 0: no limit."),
  sessions: countLimit
    .prefault("1000")
    .describe(
      "How many upload sessions one caller may have open; more are answered 429. A caller is a user or token, else an address. 0: no limit.",
    ),
  loginfailures: countLimit
    .prefault("60")
    .describe("How many logins from one address may fail in a minute; more are answered 429. 0: no limit."),
  headersize: sizeBetween("1KiB", "64KiB")
    .prefault("64KiB")
    .describe("The largest request head, from 1KiB to 64KiB; larger ones are answered 431."),
  manifestsize: sizeBetween("1KiB", "4MiB")
    .prefault("4MiB")
    .describe("The largest manifest that can be pushed, from 1KiB to 4MiB; larger ones are answered 413."),
  blobsize: sizeLimit
    .prefault("0")
    .describe("The largest blob that can be pushed, such as 10GB; larger ones are answered 413. 0: no limit."),
  bodyrate: rateLimit
    .prefault("512B/s")
    .describe("The least rate at which a request's body must arrive; slower ones are answered 408. 0: no limit."),
  stalltimeout: duration
    .prefault("60s")
    .describe("How long a request's body may bring nothing, before it is answered 408. 0s: no limit."),
  idletimeout: idleTimeout
    .prefault("255s")
    .describe("How long a connection may idle, or a client may take nothing of an answer: 4s to 255s; 0s: no limit."),
});
