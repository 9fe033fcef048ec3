// How values are written: what a scalar's text is taken for, and what is allowed. The sentences of the checks
// continue "key: …".

import * as z from "zod";
import { formatDuration, parseDuration } from "../lib/duration.ts";
import { formatSize, parseRate } from "../lib/size.ts";
import { explainNameProblem, parseSubjectName, type SubjectName } from "../lib/subject-names.ts";
import { parseListenAddress } from "./listen-address.ts";
import { parsePattern } from "./pattern.ts";

/** A type of value; `T` is what the program gets. */
export interface ValueType<T> {
  /** A switch is on where it is present, whatever it holds, unless that is `false`. */
  readonly holds: "scalar" | "list" | "map" | "switch";
  /** What scalars are taken for before the schema sees them; words ignore case. */
  readonly scalars: "text" | "word" | "boolean" | "number";
  readonly schema: z.ZodType<T>;
  /** The value as somebody would write it, where its plain text is another. */
  readonly format?: (value: unknown) => string;
}

const dayMs = 24 * 3_600_000;
const maxDays = 3650;
const nanosecondsPerMs = 1e6;
const maxCertificateDays = 3650;

/** Any text. */
export const text: ValueType<string | undefined> = {
  holds: "scalar",
  scalars: "text",
  schema: z.string({ error: "must be text" }),
};

/** YAML 1.1's booleans, quoted or not. */
export const boolean: ValueType<boolean> = {
  holds: "scalar",
  scalars: "boolean",
  schema: z.boolean({ error: "must be true or false" }),
};

/** Present means on. */
export const presence: ValueType<boolean> = {
  holds: "switch",
  scalars: "boolean",
  schema: z.boolean({ error: "must be a section (its keys indented below it), empty, true or false" }),
};

/** A whole number of days. */
export const days: ValueType<number> = {
  holds: "scalar",
  scalars: "number",
  schema: z.int(daysRule()).min(1, daysRule()).max(maxCertificateDays, daysRule()),
};

function daysRule(): { error: string } {
  return { error: `must be a whole number of days from 1 to ${maxCertificateDays}` };
}

/** A number of threads, which distribution also accepts as text. */
export const count: ValueType<number> = {
  holds: "scalar",
  scalars: "number",
  schema: z.int({ error: "must be a whole number" }),
};

/** One of some words, in any case. */
export function oneOf<const Word extends string>(...words: readonly Word[]): ValueType<Word> {
  const list = words.length === 1 ? words[0] : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
  return { holds: "scalar", scalars: "word", schema: z.enum(words, { error: `must be ${list}` }) };
}

/** TLS versions; the two old ones stand in files of distribution 2, and are raised with a warning. */
export const minimumTls: ValueType<"tls1.0" | "tls1.1" | "tls1.2" | "tls1.3"> = {
  holds: "scalar",
  scalars: "word",
  schema: z.enum(["tls1.0", "tls1.1", "tls1.2", "tls1.3"], { error: "must be tls1.2 or tls1.3" }),
};

/** Go's durations up to a day, as milliseconds. */
export const duration: ValueType<number> = durationUpTo(dayMs, "24h");

/** Go's durations up to ten years, as milliseconds. */
export const longDuration: ValueType<number> = durationUpTo(maxDays * dayMs, `${maxDays * 24}h`);

function durationUpTo(maxMs: number, shownMax: string): ValueType<number> {
  return {
    holds: "scalar",
    scalars: "text",
    format: (durationMs) => formatDuration(Number(durationMs)),
    schema: z.string({ error: "must be a duration such as 30s" }).transform((written, check) => {
      const problem = (message: string): never => {
        check.addIssue({ code: "custom", message });
        return z.NEVER;
      };
      // A bare number counts nanoseconds in Go; nobody who writes `30` means that.
      const isBare = /^\d+$/.test(written);
      const durationMs = isBare ? Number(written) / nanosecondsPerMs : parseDuration(written);
      if (isBare && durationMs !== 0 && Number(written) < nanosecondsPerMs) {
        return problem("must have a unit, as in 30s (a bare number counts nanoseconds)");
      }
      if (durationMs === undefined) return problem("must be a duration such as 500ms, 30s, 5m or 1h30m");
      if (durationMs < 0 || durationMs > maxMs) return problem(`must be a duration from 0s to ${shownMax}`);
      return durationMs;
    }),
  };
}

/** Bytes per second. */
export const rate: ValueType<number> = {
  holds: "scalar",
  scalars: "text",
  format: (bytesPerSecond) => `${formatSize(Number(bytesPerSecond)).replace(/\.0| /g, "")}/s`,
  schema: z.string({ error: "must be a rate such as 50MB/s" }).transform((written, check) => {
    const bytesPerSecond = parseRate(written);
    if (bytesPerSecond !== undefined && bytesPerSecond > 0) return bytesPerSecond;
    check.addIssue({ code: "custom", message: "must be a rate above 0, such as 50MB/s" });
    return z.NEVER;
  }),
};

/** host:port. */
export const listenAddress: ValueType<string> = {
  holds: "scalar",
  scalars: "text",
  schema: z.string({ error: "must be text" }).refine((written) => parseListenAddress(written) !== undefined, {
    error: "must be host:port, such as :5000, 127.0.0.1:5000 or [::1]:5000, with a port up to 65535",
  }),
};

/** Whether the text is an address that clients can know the registry by. */
export function isExternalUrl(written: string): boolean {
  if (!/^https?:\/\/[^\s\\?#@]+$/i.test(written)) return false;
  return URL.canParse(written);
}

/** The path under which the API stands. */
export const urlPrefix: ValueType<string> = {
  holds: "scalar",
  scalars: "text",
  schema: z.string({ error: "must be text" }).regex(/^\/(?:(?!\.{1,2}\/)[A-Za-z0-9._~-]+\/)*$/, {
    error: "must be a path that begins and ends with a slash, such as /registry/",
  }),
};

/** DNS names and IP addresses, for a certificate. */
export const subjectNames: ValueType<readonly SubjectName[]> = {
  holds: "list",
  scalars: "text",
  schema: z.array(
    z.string({ error: "must be text" }).transform((written, check) => {
      const name = parseSubjectName(written);
      if (name !== undefined) return name;
      check.addIssue({ code: "custom", message: explainNameProblem(written) });
      return z.NEVER;
    }),
    { error: 'must be a list, such as ["a.example.com", "192.0.2.1"]' },
  ),
};

/** Regular expressions, as they are written. */
export const patterns: ValueType<readonly string[]> = {
  holds: "list",
  scalars: "text",
  schema: z.array(
    z.string({ error: "must be text" }).transform((written, check) => {
      const pattern = parsePattern(written);
      if ("pattern" in pattern) return written;
      check.addIssue({ code: "custom", message: pattern.problem });
      return z.NEVER;
    }),
    { error: "must be a list of regular expressions" },
  ),
};

/** Platforms of an index's children. */
export const platforms: ValueType<readonly { architecture: string; os: string }[]> = {
  holds: "list",
  scalars: "text",
  schema: z.array(
    z.object(
      {
        architecture: z.string({ error: "must name an architecture, such as amd64" }).min(1),
        os: z.string({ error: "must name an operating system, such as linux" }).min(1),
      },
      { error: "must have the two keys architecture and os" },
    ),
    { error: "must be a list of {architecture: amd64, os: linux}" },
  ),
};
