import { expect, test } from "bun:test";
import type { UpstreamAnswer } from "../../src/client/transport.ts";
import {
  isFound,
  parseLength,
  parseNextLink,
  parsePartRange,
  parseRemaining,
  parseRetryAfter,
  readWholeAnswer,
} from "../../src/client/upstream-answer.ts";
import { RegistryError } from "../../src/oci/errors.ts";
import { refusalOf } from "../proxy/caching.ts";

const anybody = { host: "up.example", hasUser: false, nowMs: 0 };

test.each([
  [200, true],
  [206, true],
  [404, false],
])("isFound() of %p is %p", (status, want) => {
  expect(isFound({ status, headers: new Headers() }, anybody)).toBe(want);
});

test.each([
  [401, "UPSTREAM_DENIED", false, /may not be pulled by everybody; no user is configured$/],
  [403, "UPSTREAM_DENIED", true, /may not be pulled by the user who is configured$/],
  [429, "UPSTREAM_LIMITED", false, /^up\.example answers 429: too many requests$/],
  [504, "UPSTREAM_TIMEOUT", false, /answers 504$/],
  [500, "UPSTREAM_UNAVAILABLE", false, /answers 500$/],
  [302, "UPSTREAM_INVALID", false, /answers 302$/],
])("isFound() of %p refuses with %s", (status, code, hasUser, message) => {
  const judge = () => isFound({ status, headers: new Headers() }, { ...anybody, hasUser });
  expect(judge).toThrow(message);
  expect(judge).toThrow(expect.objectContaining({ code }));
});

test.each([
  [429, "7", 7],
  [429, undefined, 60],
  [503, "7", 7],
  [503, undefined, undefined],
])("isFound() of %p with Retry-After %p passes on %p", (status, header, want) => {
  const headers = new Headers(header === undefined ? {} : { "Retry-After": header });
  try {
    isFound({ status, headers }, anybody);
  } catch (error) {
    expect(error instanceof RegistryError && error.refusal.retryAfterSeconds).toBe(want as number);
  }
});

function answerOf(chunks: readonly string[]): UpstreamAnswer {
  return {
    status: 200,
    headers: new Headers(),
    url: new URL("https://a.example/"),
    sender: "public",
    cancel: () => undefined,
    chunks: async function* () {
      for (const chunk of chunks) yield new TextEncoder().encode(chunk);
    },
  };
}

const reading = { maxBytes: 6, stallMs: 60_000, host: "a.example" };

test("readWholeAnswer() gives all chunks as one, and no more than it may", async () => {
  const sizes = [[], ["abc", "def"]].map(async (chunks) =>
    (await readWholeAnswer(answerOf(chunks), reading)).toString(),
  );
  expect(await Promise.all(sizes)).toEqual(["", "abcdef"]);
  expect(await refusalOf(readWholeAnswer(answerOf(["abc", "def", "g"]), reading))).toBe("UPSTREAM_INVALID");
});

test.each([
  [null, undefined],
  ["0", 0],
  ["12", 12],
  ["-1", undefined],
  ["1, 1", undefined],
  ["1".repeat(16), undefined],
])("parseLength(%p) is %p", (header, want) => {
  expect(parseLength(header)).toBe(want);
});

test.each([
  [null, undefined],
  ["bytes 7-9/10", { startBytes: 7, totalBytes: 10 }],
  ["bytes 7-9/*", { startBytes: 7, totalBytes: undefined }],
  ["bytes */10", undefined],
  ["bytes 7-9/10 ", undefined],
])("parsePartRange(%p) is %p", (header, want) => {
  expect(parsePartRange(header)).toEqual(want);
});

test.each([
  [null, undefined],
  ['</v2/a/tags/list?last=b>; rel="next"', "/v2/a/tags/list?last=b"],
  ["<https://a.example/x> ;title=no; REL=next", "https://a.example/x"],
  ['</first>; rel="first", </second>; rel="next", </third>; rel="last"', "/second"],
  ['</x,y>; rel="next"', "/x,y"],
  ['</x>; rel="prev"', undefined],
  ["</x>", undefined],
  ['<>; rel="next"', undefined],
  ['/x; rel="next"', undefined],
  [`<${"x".repeat(9000)}>; rel="next"`, undefined],
])("parseNextLink(%p) is %p", (header, want) => {
  expect(parseNextLink(header)).toBe(want);
});

test.each([
  [null, undefined],
  ["76;w=21600", 76],
  ["76", 76],
  ["many", undefined],
])("parseRemaining(%p) is %p", (header, want) => {
  expect(parseRemaining(header)).toBe(want);
});

const nowMs = Date.parse("2026-11-24T20:00:00Z");

test.each([
  [null, undefined],
  ["7", 7],
  [" 12 ", 12],
  ["Tue, 24 Nov 2026 20:00:30 GMT", 30],
  ["Tue, 24 Nov 2026 19:00:00 GMT", 0],
  ["soon", undefined],
  [`${" ".repeat(100)}7`, undefined],
])("parseRetryAfter(%p) is %p", (header, want) => {
  expect(parseRetryAfter(header, nowMs)).toBe(want);
});
