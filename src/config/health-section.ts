// The section `health`: what is looked at now and then, and makes the registry answer 503 while it fails.
import * as z from "zod";
import { section } from "./about.ts";
import { headers } from "./headers.ts";
import { parseListenAddress } from "./listen-address.ts";
import { boolean, count, duration, longDuration, text } from "./values.ts";

/** distribution takes its default for 0. */
const interval = longDuration.transform((intervalMs) => (intervalMs > 0 ? intervalMs : 10_000)).prefault("10s");

const threshold = count
  .refine((failures) => failures >= 0, { error: "must not be negative" })
  .prefault("0")
  .describe("How many checks in a row have to fail before it counts; 0 and 1 mean the first one.");

const timeout = duration.transform((timeoutMs) => (timeoutMs > 0 ? timeoutMs : 5000)).prefault("5s");

const uri = text.refine((written) => /^https?:\/\/\S+$/i.test(written) && URL.canParse(written), {
  error: "must be a URL with http or https, such as http://127.0.0.1:8080/healthy",
});

/** Kept as written: it names the check. */
const target = text.refine((written) => (parseListenAddress(written)?.port ?? 0) > 0, {
  error: "must be host:port, such as 127.0.0.1:6379",
});

const statusCode = count
  .refine((status) => status === 0 || (status >= 100 && status <= 599), {
    error: "must be an HTTP status, such as 200",
  })
  .transform((status) => (status === 0 ? 200 : status))
  .prefault("200");

const files = z.array(
  z.object(
    { file: text.min(1, { error: "must name a file" }), interval, threshold },
    { error: "must have the key file" },
  ),
);

const https = z.array(
  z.object(
    {
      uri,
      headers: headers.prefault({}).meta({ isSecret: true }),
      statuscode: statusCode,
      timeout,
      interval,
      threshold,
    },
    { error: "must have the key uri" },
  ),
);

const tcps = z.array(z.object({ addr: target, timeout, interval, threshold }, { error: "must have the key addr" }));

/** What makes the registry unhealthy. */
export const health = section({
  storagedriver: section({
    enabled: boolean.prefault("false").describe("Whether it is checked that the store can be reached."),
    interval: interval.describe("How long after a check of the store the next one begins."),
    threshold,
  }),
  file: files.prefault([]).describe("Files with file, and interval (10s), threshold (0); unhealthy while one exists."),
  http: https
    .prefault([])
    .describe(
      "URLs with uri, and headers, statuscode (200), timeout (5s), interval, threshold; unhealthy while HEAD is answered otherwise.",
    ),
  tcp: tcps
    .prefault([])
    .describe("Addresses with addr, and timeout (5s), interval, threshold; unhealthy while no connection can be made."),
});
