import { expect, test } from "bun:test";
import { chooseEncoding, prefersHtml } from "../../src/http/accept.ts";

test.each([
  [null, false],
  ["*/*", false],
  ["application/json", false],
  ["text/html", true],
  ["TEXT/HTML", true],
  // Firefox, Chromium and Safari.
  ["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true],
  ["text/html, */*", true],
  ["text/html;q=0", false],
  ["text/html;q=0.5, application/json", false],
  ["text/html;q=0.5, application/json;q=0.5", true],
  ["text/html;q=0.5, */*", false],
  ["text/html;q=x", false],
  ["text/htmlx", false],
  [`${"a/b,".repeat(100)}text/html`, false],
])("prefersHtml() of %p", (accept, want) => {
  expect(prefersHtml(accept)).toEqual(want);
});

test.each([
  [null, "identity"],
  ["", "identity"],
  ["gzip, deflate, br, zstd", "br"],
  ["gzip, br;q=0", "gzip"],
  ["deflate", "identity"],
  ["*", "br"],
  ["*;q=0", "identity"],
  ["identity, gzip;q=0.1", "gzip"],
])("chooseEncoding() of %p", (acceptEncoding, want) => {
  expect(chooseEncoding(acceptEncoding)).toEqual(want as never);
});
