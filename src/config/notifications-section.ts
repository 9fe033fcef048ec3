// The section `notifications`: who is told what was done to repositories.
import * as z from "zod";
import { section } from "./about.ts";
import { secretHeaders } from "./headers.ts";
import { boolean, count, longDuration, oneOf, text, texts } from "./values.ts";

const oneSecondMs = 1000;
const defaultThreshold = 10;

/** distribution takes its default for what is not above 0. */
const wait = longDuration.prefault("1s").transform((ms) => (ms > 0 ? ms : oneSecondMs));

const url = text.refine((written) => /^https?:$/.test(URL.parse(written)?.protocol ?? ""), {
  error: "must be the URL that events are posted to, with http or https, such as https://ci.example.com/hook",
});

const endpointKeys =
  "must have the keys name and url, and may have disabled, headers, timeout, threshold, backoff, ignoredmediatypes and ignore";

const endpoint = z
  .object(
    {
      name: text.prefault(""),
      disabled: boolean.prefault("false"),
      url: url.optional(),
      headers: secretHeaders.prefault({}),
      timeout: wait,
      threshold: count.prefault("10").transform((failures) => (failures > 0 ? failures : defaultThreshold)),
      backoff: wait,
      ignoredmediatypes: texts.prefault([]),
      ignore: section({
        mediatypes: texts.prefault([]),
        actions: z
          .array(oneOf("push", "pull", "mount", "delete"), { error: "must be a list of push, pull, mount and delete" })
          .prefault([]),
      }),
    },
    { error: endpointKeys },
  )
  .check(({ value: { disabled, url: written }, issues }) => {
    if (disabled || written !== undefined) return;
    issues.push({
      code: "custom",
      path: ["url"],
      message: "must be there, unless the endpoint is disabled",
      input: undefined,
    });
  });

/** Webhooks. */
export const notifications = section({
  events: section({
    includereferences: boolean
      .prefault("false")
      .describe("Whether events about a manifest tell what it names: config and layers, or the children of an index."),
  }),
  endpoints: z
    .array(endpoint)
    .prefault([])
    .describe("Where events are posted to: a list of {name, url, headers, timeout, threshold, backoff, ignore}."),
});
