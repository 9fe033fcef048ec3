// The schema of a configuration: a key is one entry. Its type, its default, the names of its variable and flag, its
// documentation and the hints about mistyped names all come from here.

import * as z from "zod";
import { ignored, section } from "./about.ts";
import { access, auth } from "./access-section.ts";
import { health } from "./health-section.ts";
import { http } from "./http-section.ts";
import { describeSchema } from "./node.ts";
import { notifications } from "./notifications-section.ts";
import { proxy } from "./proxy-section.ts";
import { storage } from "./storage-section.ts";
import { sync } from "./sync-section.ts";
import {
  boolean,
  count,
  globs,
  longDuration,
  offKeys,
  oneOf,
  patterns,
  presence,
  rate,
  tagPatterns,
  text,
} from "./values.ts";

const logLevel = oneOf("error", "warn", "info", "debug");

/** Texts by name; what is nested is written as JSON. */
const logFields = z.record(
  z.string(),
  z.any().transform((value: unknown) => (typeof value === "string" ? value : JSON.stringify(value))),
  { error: "must be a section of names, each with a text" },
);

/** distribution takes its default for numbers below 1. */
const pageItems = count.transform((items) => (items > 0 ? items : 1000)).prefault("1000");

const keepRule = z.object(
  {
    repositories: globs,
    tags: tagPatterns.prefault([]),
    newest: count.refine((value) => value > 0, "must be a whole number above 0").optional(),
    pushedwithin: longDuration.optional(),
    pulledwithin: longDuration.optional(),
  },
  { error: "must have repositories, and may have tags, newest, pushedwithin and pulledwithin" },
);

const gc = section({
  isOn: presence.prefault("true"),
  ...offKeys,
  interval: longDuration.prefault("24h").describe("How long after a garbage collection the next one begins."),
  grace: longDuration
    .prefault("24h")
    .describe("How long garbage is kept, first in place and then in the trash; longer than the longest push."),
  deleteuntagged: boolean
    .prefault("false")
    .describe("Whether manifests are deleted that no tag, no kept index and no kept subject leads to."),
  keep: z
    .array(keepRule, { error: "must be a list of rules" })
    .prefault([])
    .describe(
      "Which tags stay: a list of {repositories, tags, newest, pushedwithin, pulledwithin}; without rules, all of them.",
    ),
}).meta({
  description: "Present: garbage is collected while the server runs; `registry gc` does the same at any time.",
  inFile: "false",
});

const verify = section({
  isOn: presence.prefault("false"),
  ...offKeys,
  interval: longDuration.prefault("168h").describe("How long after a check the next one begins."),
  rate: rate
    .prefault("50MB/s")
    .describe("How many bytes of blobs are read per second while the server runs, such as 50MB/s."),
}).describe(
  "Present: everything stored is checked while the server runs; `registry verify` does the same at any time.",
);

const platform = z.object(
  {
    architecture: z.string({ error: "must name an architecture, such as amd64" }),
    os: z.string({ error: "must name an operating system, such as linux" }),
  },
  { error: "must have the two keys architecture and os" },
);

const validation = section({
  enabled: boolean
    .prefault("false")
    .describe("Older spelling: true keeps the checks of this section even with validation.disabled."),
  disabled: boolean.prefault("false").describe("Switches the checks of this section off."),
  manifests: section({
    urls: section({
      // Not parsed, which would load the engine of patterns.
      allow: patterns.default([".*"]).meta({
        description:
          "Regular expressions, one of which a foreign layer's URL must match; if allow and deny are empty, none is allowed.",
        inFile: [],
      }),
      deny: patterns.prefault([]).describe("Regular expressions that no URL of a foreign layer may match."),
    }),
    indexes: section({
      platforms: oneOf("all", "none", "list")
        .prefault("all")
        .describe("Which manifests of an index must be there before it: all, none, or those of platformlist."),
      platformlist: z
        .array(platform)
        .prefault([])
        .describe("The platforms for platforms: list, each with architecture and os."),
    }),
  }),
}).meta({ isProtective: true });

/** The schema, in the order in which keys are shown. */
export const schema = z.object({
  version: oneOf("0.1").prefault("0.1").meta({
    description: "The version of the file format; every file has it.",
    isFileOnly: true,
  }),
  log: section({
    level: logLevel.optional().meta({
      description: "The least important messages that are logged: error, warn, info (the default) or debug.",
      flag: "log-level",
    }),
    formatter: oneOf("text", "json", "logstash").prefault("text").meta({
      description: "How log lines are written: text, json or logstash.",
      flag: "log-format",
    }),
    audit: text.optional().meta({
      description:
        "Where pushes, deletions and logins are recorded, one JSON object a line: stdout, or a file that they are appended to.",
    }),
    fields: logFields.prefault({}).describe("Fields that every log line gets, such as {service: registry}."),
    accesslog: section({
      disabled: boolean.prefault("true").meta({
        description:
          "Whether there is no access log, which has one line for each request on standard output, in Apache's combined format.",
        inFile: "false",
      }),
    }),
    reportcaller: ignored,
    hooks: ignored,
  }),
  loglevel: logLevel.prefault("info").describe("Older spelling of log.level, which wins over it."),
  storage,
  gc,
  verify,
  http,
  catalog: section({
    maxentries: pageItems.describe(
      "How many repositories a page of the catalog may have; a client that asks for more is refused.",
    ),
  }),
  tags: section({
    maxtags: pageItems.describe(
      "How many tags a page of a repository's tags may have; a client that asks for more gets that many.",
    ),
  }),
  proxy,
  sync,
  validation,
  auth,
  access,
  middleware: ignored,
  reporting: ignored,
  notifications,
  redis: ignored,
  health,
  policy: ignored,
  compatibility: ignored,
});

/** Everything that can be configured, checked and with its defaults. Durations are milliseconds, sizes bytes. */
export type Configuration = z.output<typeof schema>;

/** The names of the schema as a tree. */
export const root = describeSchema(schema);
