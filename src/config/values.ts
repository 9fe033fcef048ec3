// How values are written. A file or variable gives text; each of these zod schemas says what the text means. The
// sentences of the errors continue "key: …".

import * as z from "zod";
import { parseDuration } from "../lib/duration.ts";
import { compileNetworks } from "../lib/networks.ts";
import { parseRate, parseSize } from "../lib/size.ts";
import { explainNameProblem, parseSubjectName } from "../lib/subject-names.ts";
import { parseListenAddress } from "./listen-address.ts";
import { parsePattern } from "./pattern.ts";

const hourMs = 3_600_000;
const maxHours = 10 * 365 * 24;
const nanosecondsPerMs = 1e6;
const maxCertificateDays = 3650;

/** Text that a parser takes, or refuses with the problem or a better explanation of it. */
export function parsed<T>(
  parse: (written: string) => T | undefined,
  problem: string,
  explain = (_: string) => problem,
) {
  return z.string({ error: problem }).transform((written, check) => {
    const value = parse(written);
    if (value !== undefined) return value;
    check.addIssue({ code: "custom", message: explain(written) });
    return z.NEVER;
  });
}

/** Any text. */
export const text = z.string({ error: "must be text" });

/** YAML 1.1's booleans, quoted or not. */
export const boolean = booleanOr("must be true or false");

/** Whether the section is there that has this as its `isOn`: `gc:`, `gc: {…}`, `gc: true`. */
export const presence = booleanOr("must be a section (its keys indented below it), empty, true or false");

/** What switches such a section off in the files of other programs; switches.ts reads it. */
export const offKeys = {
  disabled: boolean.optional().describe("With true, the section is off although it is present."),
  enabled: boolean.optional().describe("With false, the section is off although it is present."),
};

function booleanOr(error: string) {
  return z.stringbool({ truthy: ["y", "yes", "true", "on"], falsy: ["n", "no", "false", "off"], error });
}

function wholeNumber(error: string) {
  return parsed((written) => (/^(?:0|-?[1-9]\d*)$/.test(written) ? Number(written) : undefined), error);
}

/** A whole number, which distribution also accepts quoted. */
export const count = wholeNumber("must be a whole number").refine(Number.isSafeInteger, "must be a whole number");

/** A number, or 0 for no limit. */
export const countLimit = count.refine((value) => value >= 0, "must be a whole number, or 0 for no limit");

/** A whole number from 0. */
export function countUpTo(most: number) {
  const problem = `must be a whole number from 0 to ${most}`;
  return wholeNumber(problem).refine((value) => value >= 0 && value <= most, problem);
}

const daysProblem = `must be a whole number of days from 1 to ${maxCertificateDays}`;

/** How long a certificate is valid. */
export const days = wholeNumber(daysProblem).refine((value) => value >= 1 && value <= maxCertificateDays, daysProblem);

/** One of some words, in any case. */
export function oneOf<const Word extends string>(...words: readonly Word[]) {
  const list = words.length === 1 ? words[0] : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
  const error = `must be ${list}`;
  return z.string({ error }).toLowerCase().pipe(z.enum(words, { error }));
}

/** Go's durations up to a day, as milliseconds. */
export const duration = durationUpTo(24);

/** Go's durations up to ten years, as milliseconds. */
export const longDuration = durationUpTo(maxHours);

function durationUpTo(hours: number) {
  const isAllowed = (durationMs: number) => durationMs >= 0 && durationMs <= hours * hourMs;
  return parsed(
    (written) => {
      const durationMs = readDuration(written);
      return durationMs !== undefined && isAllowed(durationMs) ? durationMs : undefined;
    },
    "must be a duration such as 500ms, 30s, 5m or 1h30m",
    (written) => {
      if (readDuration(written) !== undefined) return `must be a duration from 0s to ${hours}h`;
      return /^\d+$/.test(written)
        ? "must have a unit, as in 30s (a bare number counts nanoseconds)"
        : "must be a duration such as 500ms, 30s, 5m or 1h30m";
    },
  );
}

/** A bare number counts nanoseconds in Go; nobody who writes `30` means that. */
function readDuration(written: string): number | undefined {
  if (!/^\d+$/.test(written)) return parseDuration(written);
  const durationMs = Number(written) / nanosecondsPerMs;
  return durationMs === 0 || durationMs >= 1 ? durationMs : undefined;
}

function positive(value: number | undefined): number | undefined {
  return value !== undefined && value > 0 ? value : undefined;
}

/** Bytes. */
export const size = parsed(
  (written) => positive(parseSize(written)),
  "must be a size above 0, such as 100GB or 500MiB",
);

/** Bytes, or 0 for no limit. */
export const sizeLimit = parsed(parseSize, "must be a size, such as 10GB or 500MiB, or 0 for no limit");

/** Bytes within bounds that are written in the same way. */
export function sizeBetween(least: string, most: string) {
  const [leastBytes = 0, mostBytes = 0] = [parseSize(least), parseSize(most)];
  return parsed((written) => {
    const sizeBytes = parseSize(written);
    return sizeBytes !== undefined && sizeBytes >= leastBytes && sizeBytes <= mostBytes ? sizeBytes : undefined;
  }, `must be a size from ${least} to ${most}`);
}

/** Bytes per second. */
export const rate = parsed((written) => positive(parseRate(written)), "must be a rate above 0, such as 50MB/s");

/** Bytes per second, or 0 for no limit. */
export const rateLimit = parsed(parseRate, "must be a rate, such as 1KiB/s, or 0 for no limit");

/** host:port. */
export const listenAddress = text.refine((written) => parseListenAddress(written) !== undefined, {
  error: "must be host:port, such as :5000, 127.0.0.1:5000 or [::1]:5000, with a port up to 65535",
});

/** A URL by which clients may know the registry; undefined if they could not use it. */
export const externalUrl = text.transform((written) =>
  /^https?:\/\/[^\s\\?#@]+$/i.test(written) && URL.canParse(written) ? written : undefined,
);

/** The path below which the API is served. */
export const urlPrefix = text.regex(/^\/(?:(?!\.{1,2}\/)[A-Za-z0-9._~-]+\/)*$/, {
  error: "must be a path that begins and ends with a slash, such as /registry/",
});

/** DNS names and IP addresses, for a certificate. */
export const subjectNames = z.array(parsed(parseSubjectName, "must be text", explainNameProblem));

/** Regular expressions, as written. */
export const patterns = z.array(
  parsed(
    (written) => ("pattern" in parsePattern(written) ? written : undefined),
    "must be text",
    (written) => {
      const result = parsePattern(written);
      return "problem" in result ? result.problem : "";
    },
  ),
);

/** Texts. */
export const texts = z.array(text.min(1, { error: "must not be empty" }));

/** Addresses and networks. */
export const networks = texts.refine((written) => compileNetworks(written) !== undefined, {
  error: "must be a list of addresses and networks, such as [192.0.2.1, 10.0.0.0/8]",
});

/** Globs of tags. */
export const tagGlobs = z.array(
  text.regex(/^[A-Za-z0-9_.*-]+$/, { error: "must be a tag, in which * stands for any characters" }),
  { error: 'must be a list, such as ["v*"]' },
);

/** Globs of tags, and regular expressions between slashes. */
export const tagPatterns = z.array(
  parsed(
    (written) => (explainTagPattern(written) === undefined ? written : undefined),
    "must be text",
    (written) => explainTagPattern(written) ?? "",
  ),
  { error: 'must be a list, such as ["v*", "/[0-9.]+/"]' },
);

function explainTagPattern(written: string): string | undefined {
  const expression = /^\/(.+)\/$/.exec(written)?.[1];
  if (expression === undefined) {
    return /^[A-Za-z0-9_.*-]+$/.test(written)
      ? undefined
      : "must be a tag, in which * stands for any characters, or a /regular expression/";
  }
  const result = parsePattern(expression);
  return "problem" in result ? result.problem : undefined;
}

/** Globs of repository names. */
export const globs = z.array(
  text.regex(/^[a-z0-9._/*-]+$/, {
    error: "must be a repository name, in which * stands for part of a component and ** for any components",
  }),
);
