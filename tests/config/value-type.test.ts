import { describe, expect, test } from "bun:test";
import {
  boolean,
  count,
  days,
  duration,
  isExternalUrl,
  listenAddress,
  minimumTls,
  oneOf,
  patterns,
  platforms,
  presence,
  subjectNames,
  text,
  urlPrefix,
  type ValueType,
} from "../../src/config/value-type.ts";

/** The value, or the sentences that refuse it. */
function check(type: ValueType<unknown>, value: unknown): unknown {
  const result = type.schema.safeParse(value);
  return result.success ? result.data : result.error.issues.map(({ message }) => message).join("; ");
}

const word = oneOf("text", "json", "logstash");

describe("accepted", () => {
  test.each<[string, ValueType<unknown>, unknown, unknown]>([
    ["text", text, "*abc", "*abc"],
    ["boolean", boolean, true, true],
    ["presence", presence, true, true],
    ["days", days, 397, 397],
    ["count", count, 100, 100],
    ["word", word, "json", "json"],
    ["minimumTls", minimumTls, "tls1.0", "tls1.0"],
    ["duration", duration, "1m30s", 90_000],
    ["duration", duration, "0", 0],
    ["duration", duration, "0s", 0],
    ["duration", duration, "24h", 86_400_000],
    ["duration", duration, "30000000000", 30_000],
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
    ["platforms", platforms, [{ architecture: "arm64", os: "linux" }], [{ architecture: "arm64", os: "linux" }]],
  ])("%s", (_, type, value, want) => {
    expect(check(type, value)).toEqual(want);
  });
});

describe("refused", () => {
  test.each<[string, ValueType<unknown>, unknown, RegExp]>([
    ["text", text, ["a"], /^must be text$/],
    ["boolean", boolean, "maybe", /^must be true or false$/],
    ["presence", presence, "maybe", /^must be a section/],
    ["days", days, 0, /^must be a whole number of days from 1 to 3650$/],
    ["days", days, 3651, /^must be a whole number of days/],
    ["days", days, 1.5, /^must be a whole number of days/],
    ["days", days, "x", /^must be a whole number of days/],
    ["count", count, "x", /^must be a whole number$/],
    ["word", word, "xml", /^must be text, json or logstash$/],
    ["minimumTls", minimumTls, "ssl3", /^must be tls1.2 or tls1.3$/],
    ["duration", duration, "30", /^must have a unit/],
    ["duration", duration, "1d", /^must be a duration such as/],
    ["duration", duration, "-5s", /^must be a duration from 0s to 24h$/],
    ["duration", duration, "1000000h", /^must be a duration from 0s to 24h$/],
    ["duration", duration, `${"9".repeat(400)}h`, /^must be a duration from/],
    ["duration", duration, null, /^must be a duration such as/],
    ["listenAddress", listenAddress, "5000", /^must be host:port/],
    ["urlPrefix", urlPrefix, "a/", /^must be a path/],
    ["urlPrefix", urlPrefix, "/a", /^must be a path/],
    ["urlPrefix", urlPrefix, "//", /^must be a path/],
    ["urlPrefix", urlPrefix, "/../", /^must be a path/],
    ["subjectNames", subjectNames, ["a,b"], /^"a,b" has a comma/],
    ["subjectNames", subjectNames, "a", /^must be a list/],
    ["patterns", patterns, ["["], /^must be a regular expression \(/],
    ["platforms", platforms, [{ architecture: "arm64" }], /^must name an operating system/],
    ["platforms", platforms, ["linux/amd64"], /^must have the two keys/],
  ])("%s %p", (_, type, value, want) => {
    expect(check(type, value)).toEqual(expect.stringMatching(want));
  });
});

test.each([
  ["https://registry.example.com", true],
  ["http://[::1]:5000/path/", true],
  ["registry.example.com", false],
  ["registry.example.com:5000", false],
  ["//registry.example.com", false],
  ["ftp://example.com", false],
  ["https://", false],
  ["https://user:secret@example.com", false],
  ["https://example.com/?a", false],
  ["https://a\r\nb", false],
  ["https://[::1", false],
])("isExternalUrl(%p)", (written, want) => {
  expect(isExternalUrl(written)).toBe(want);
});
