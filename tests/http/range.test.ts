import { expect, test } from "bun:test";
import fc from "fast-check";
import { formatContentRange, formatUploadRange, parseChunkRange, parseRange } from "../../src/http/range.ts";

test.each([
  [null, 10, undefined],
  ["bytes=0-0", 10, { start: 0, end: 1 }],
  ["bytes=0-9", 10, { start: 0, end: 10 }],
  ["bytes=2-4", 10, { start: 2, end: 5 }],
  ["bytes=9-", 10, { start: 9, end: 10 }],
  ["bytes=0-99", 10, { start: 0, end: 10 }],
  ["bytes=0-999999999999999999999999", 10, { start: 0, end: 10 }],
  ["bytes=-3", 10, { start: 7, end: 10 }],
  ["bytes=-99", 10, { start: 0, end: 10 }],
  ["Bytes= 1-2 ", 10, { start: 1, end: 3 }],
  ["bytes=10-", 10, "unsatisfiable"],
  ["bytes=10-20", 10, "unsatisfiable"],
  ["bytes=999999999999999999999999-", 10, "unsatisfiable"],
  ["bytes=9-2", 10, "unsatisfiable"],
  ["bytes=-0", 10, "unsatisfiable"],
  ["bytes=0-", 0, "unsatisfiable"],
  ["bytes=0-0", 0, "unsatisfiable"],
  ["bytes=-5", 0, "unsatisfiable"],
  ["bytes=-", 10, undefined],
  ["bytes=", 10, undefined],
  ["", 10, undefined],
  ["bytes=1-2,4-5", 10, undefined],
  ["bytes=1-2, bytes=4-5", 10, undefined],
  ["items=1-2", 10, undefined],
  ["bytes=a-b", 10, undefined],
  ["bytes=+1-2", 10, undefined],
  ["bytes=1.0-2", 10, undefined],
  ["bytes=0x1-2", 10, undefined],
  ["bytes 1-2", 10, undefined],
  ["1-2", 10, undefined],
] as const)("parseRange(%p) over %p bytes", (text, sizeBytes, want) => {
  expect(parseRange(text, sizeBytes)).toEqual(want);
});

test("parseRange() never leaves the content, whatever the header says", () => {
  const header = fc.tuple(fc.option(fc.nat()), fc.option(fc.nat())).map(([a, b]) => `bytes=${a ?? ""}-${b ?? ""}`);
  fc.assert(
    fc.property(fc.oneof(header, fc.string()), fc.nat(), (text, sizeBytes) => {
      const range = parseRange(text, sizeBytes);
      if (typeof range !== "object") return true;
      return 0 <= range.start && range.start < range.end && range.end <= sizeBytes;
    }),
  );
});

test.each([
  [{ start: 0, end: 1 }, 10, "bytes 0-0/10"],
  [{ start: 7, end: 10 }, 10, "bytes 7-9/10"],
])("formatContentRange(%p) of %p bytes", (range, sizeBytes, want) => {
  expect(formatContentRange(range, sizeBytes)).toEqual(want);
});

test.each([
  ["0-0", { start: 0, lengthBytes: 1 }],
  ["5-9", { start: 5, lengthBytes: 5 }],
  ["0-999999999999999", { start: 0, lengthBytes: 1_000_000_000_000_000 }],
  ["9-5", undefined],
  ["", undefined],
  ["5", undefined],
  ["-5", undefined],
  ["5-", undefined],
  ["0-4/5", { start: 0, lengthBytes: 5 }],
  ["bytes 0-4/5", { start: 0, lengthBytes: 5 }],
  ["bytes 5-9/*", { start: 5, lengthBytes: 5 }],
  ["Bytes=0-4", { start: 0, lengthBytes: 5 }],
  ["bytes 0-4/4", undefined],
  ["bytes 0-4/", undefined],
  ["bytes */5", undefined],
  ["bytes  0-4", undefined],
  ["items 0-4/5", undefined],
  [" 0-4", undefined],
  ["0-4, 5-9", undefined],
  ["0-1e3", undefined],
  ["0-99999999999999999999", undefined],
  ["０-４", undefined],
])("parseChunkRange(%p)", (text, want) => {
  expect(parseChunkRange(text)).toEqual(want);
});

test.each([
  [0, "0-0"],
  [1, "0-0"],
  [10, "0-9"],
])("formatUploadRange(%p) is inclusive", (sizeBytes, want) => {
  expect(formatUploadRange(sizeBytes)).toEqual(want);
});

test("parseRange() serves the bytes that were asked for, as far as there are some", () => {
  fc.assert(
    fc.property(fc.nat(100), fc.nat(100), fc.nat(100), (first, last, sizeBytes) => {
      const bytes = Array.from({ length: sizeBytes }, (_, index) => index);
      const slice = (range: ReturnType<typeof parseRange>) =>
        typeof range === "object" ? bytes.slice(range.start, range.end) : [];
      expect(slice(parseRange(`bytes=${first}-${last}`, sizeBytes))).toEqual(
        bytes.filter((index) => first <= index && index <= last),
      );
      expect(slice(parseRange(`bytes=${first}-`, sizeBytes))).toEqual(bytes.filter((index) => first <= index));
      expect(slice(parseRange(`bytes=-${last}`, sizeBytes))).toEqual(last === 0 ? [] : bytes.slice(-last));
    }),
  );
});

test("a range that formatContentRange() writes names its first and last byte", () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(), fc.nat(), (start, length, rest) => {
      const sizeBytes = start + length + 1 + rest;
      const text = formatContentRange({ start, end: start + length + 1 }, sizeBytes);
      expect(/^bytes (\d+)-(\d+)\/(\d+)$/.exec(text)?.slice(1).map(Number)).toEqual([start, start + length, sizeBytes]);
    }),
  );
});

test("parseChunkRange() reads every chunk that a client can send, and nothing else", () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(), (start, length) => {
      expect(parseChunkRange(`${start}-${start + length}`)).toEqual({ start, lengthBytes: length + 1 });
    }),
  );
  const near = fc.string({ unit: fc.constantFrom("0", "9", "-", " ", "/", "*", "=", "bytes"), maxLength: 20 });
  fc.assert(
    fc.property(fc.oneof(near, fc.string()), (text) => {
      const range = parseChunkRange(text);
      if (range === undefined) return;
      expect(text).toMatch(/^(bytes[ =])?\d+-\d+(\/(\d+|\*))?$/i);
      expect(range.lengthBytes).toBeGreaterThan(0);
    }),
  );
});
