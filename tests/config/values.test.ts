import { describe, expect, test } from "bun:test";
import type * as z from "zod";
import {
  boolean,
  count,
  days,
  duration,
  globs,
  listenAddress,
  longDuration,
  oneOf,
  patterns,
  presence,
  rate,
  size,
  subjectNames,
  text,
  texts,
  urlPrefix,
} from "../../src/config/values.ts";

/** The value, or the sentences that refuse it. */
function check(type: z.ZodType, value: unknown): unknown {
  const result = type.safeParse(value);
  return result.success ? result.data : result.error.issues.map(({ message }) => message).join("; ");
}

const word = oneOf("text", "json", "logstash");

describe("accepted", () => {
  test.each<[string, z.ZodType, unknown, unknown]>([
    ["text", text, "*abc", "*abc"],
    ["boolean", boolean, "Yes", true],
    ["presence", presence, "off", false],
    ["days", days, "397", 397],
    ["count", count, "-100", -100],
    ["word", word, "JSON", "json"],
    ["duration", duration, "1m30s", 90_000],
    ["duration", duration, "0", 0],
    ["duration", duration, "0s", 0],
    ["duration", duration, "24h", 86_400_000],
    ["duration", duration, "30000000000", 30_000],
    ["longDuration", longDuration, "720h", 720 * 3_600_000],
    ["size", size, "100GB", 100e9],
    ["rate", rate, "50MB/s", 50e6],
    ["texts", texts, ["a"], ["a"]],
    ["globs", globs, ["team/**"], ["team/**"]],
    ["listenAddress", listenAddress, ":5000", ":5000"],
    ["urlPrefix", urlPrefix, "/", "/"],
    ["urlPrefix", urlPrefix, "/a/b-c/", "/a/b-c/"],
    [
      "subjectNames",
      subjectNames,
      ["A.example.com", "[::1]"],
      [
        { kind: "dns", value: "a.example.com" },
        { kind: "ip", value: "::1" },
      ],
    ],
    ["patterns", patterns, ["(?i)^https"], ["(?i)^https"]],
  ])("%s", (_, type, value, want) => {
    expect(check(type, value)).toEqual(want);
  });
});

describe("refused", () => {
  test.each<[string, z.ZodType, unknown, RegExp]>([
    ["text", text, ["a"], /^must be text$/],
    ["boolean", boolean, "maybe", /^must be true or false$/],
    ["presence", presence, "maybe", /^must be a section/],
    ["days", days, "0", /^must be a whole number of days from 1 to 3650$/],
    ["days", days, "3651", /^must be a whole number of days/],
    ["days", days, "1.5", /^must be a whole number of days/],
    ["days", days, "x", /^must be a whole number of days/],
    ["count", count, "x", /^must be a whole number$/],
    ["word", word, "xml", /^must be text, json or logstash$/],
    ["duration", duration, "30", /^must have a unit/],
    ["duration", duration, "1d", /^must be a duration such as/],
    ["duration", duration, "-5s", /^must be a duration from 0s to 24h$/],
    ["duration", duration, "1000000h", /^must be a duration from 0s to 24h$/],
    ["duration", duration, `${"9".repeat(400)}h`, /^must be a duration from/],
    ["duration", duration, null, /^must be a duration such as/],
    ["longDuration", longDuration, "87601h", /^must be a duration from 0s to 87600h$/],
    ["count", count, "9007199254740993", /^must be a whole number$/],
    ["count", count, "0123", /^must be a whole number$/],
    ["size", size, "0", /^must be a size above 0, such as 100GB or 500MiB$/],
    ["size", size, "much", /^must be a size above 0/],
    ["rate", rate, "0MB/s", /^must be a rate above 0/],
    ["texts", texts, [""], /^must not be empty$/],
    ["globs", globs, ["Team"], /^must be a repository name, in which \* stands for part of a component/],
    ["listenAddress", listenAddress, "5000", /^must be host:port/],
    ["urlPrefix", urlPrefix, "a/", /^must be a path/],
    ["urlPrefix", urlPrefix, "/a", /^must be a path/],
    ["urlPrefix", urlPrefix, "//", /^must be a path/],
    ["urlPrefix", urlPrefix, "/../", /^must be a path/],
    ["subjectNames", subjectNames, ["a,b"], /^"a,b" has a comma/],
    ["patterns", patterns, ["["], /^must be a regular expression \(/],
  ])("%s %p", (_, type, value, want) => {
    expect(check(type, value)).toEqual(expect.stringMatching(want));
  });
});
