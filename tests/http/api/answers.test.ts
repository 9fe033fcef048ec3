import { expect, test } from "bun:test";
import { answerJson, answerPage, formatTime } from "../../../src/http/api/answers.ts";

test("answers are JSON that nobody keeps", async () => {
  const response = answerJson({ a: 1 });
  const headers = ["content-type", "cache-control"].map((name) => response.headers.get(name));
  expect([await response.json(), ...headers]).toEqual([{ a: 1 }, "application/json;charset=utf-8", "no-store"]);
});

test("a page leads to the next one in its body and in a header", async () => {
  const response = answerPage({ a: [] }, { path: "/x/-/api/v1/tree", query: { n: "1", last: "a b&c", q: undefined } });
  const next = "/x/-/api/v1/tree?n=1&last=a+b%26c";
  expect([await response.json(), response.headers.get("link")]).toEqual([{ a: [], next }, `<${next}>; rel="next"`]);
  const last = answerPage({ a: [] }, undefined);
  expect([await last.json(), last.headers.get("link")]).toEqual([{ a: [], next: null }, null]);
});

test.each([
  [0, "1970-01-01T00:00:00.000Z"],
  [undefined, null],
  [1e300, null],
  [Number.POSITIVE_INFINITY, null],
])("formatTime(%p) is %p", (timeMs, want) => {
  expect(formatTime(timeMs)).toBe(want);
});
