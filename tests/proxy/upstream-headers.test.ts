import { expect, test } from "bun:test";
import { parseLength, parseNextLink, parsePartRange, parseRemaining } from "../../src/proxy/upstream-headers.ts";

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
