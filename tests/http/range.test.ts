import { expect, test } from "bun:test";
import fc from "fast-check";
import { formatContentRange, formatUploadRange, parseChunkRange, parseRanges } from "../../src/http/range.ts";

const r = (start: number, end: number) => ({ start, end });

test.each([
  [null, 10, undefined],
  ["bytes=0-0", 10, [r(0, 1)]],
  ["bytes=0-9", 10, [r(0, 10)]],
  ["bytes=2-4", 10, [r(2, 5)]],
  ["bytes=9-", 10, [r(9, 10)]],
  ["bytes=0-99", 10, [r(0, 10)]],
  ["bytes=0-999999999999999999999999", 10, [r(0, 10)]],
  ["bytes=-3", 10, [r(7, 10)]],
  ["bytes=-99", 10, [r(0, 10)]],
  ["Bytes= 1-2 ", 10, [r(1, 3)]],
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
  ["bytes=1-2,4-5", 10, [r(1, 3), r(4, 6)]],
  ["bytes=4-5, 1-2", 10, [r(4, 6), r(1, 3)]],
  ["bytes=0-4,2-6", 10, [r(0, 7)]],
  ["bytes=8-9,3-6,0-4,2-3", 10, [r(8, 10), r(0, 7)]],
  ["bytes=0-4,8-9,2-6", 10, [r(0, 7), r(8, 10)]],
  ["bytes=0-1,2-3", 10, [r(0, 2), r(2, 4)]],
  ["bytes=0-0,-1", 10, [r(0, 1), r(9, 10)]],
  ["bytes=0-1,10-20,-0,5-4", 10, [r(0, 2)]],
  ["bytes=10-,20-", 10, "unsatisfiable"],
  ["bytes=,0-1, ,\t4-5,", 10, [r(0, 2), r(4, 6)]],
  ["bytes=,", 10, undefined],
  ["bytes=0-1,a", 10, undefined],
  ["bytes=0-1;4-5", 10, undefined],
  ["bytes=1-2, bytes=4-5", 10, undefined],
  ["items=1-2", 10, undefined],
  ["bytes=a-b", 10, undefined],
  ["bytes=+1-2", 10, undefined],
  ["bytes=1.0-2", 10, undefined],
  ["bytes=0x1-2", 10, undefined],
  ["bytes 1-2", 10, undefined],
  ["1-2", 10, undefined],
] as const)("parseRanges(%p) over %p bytes", (text, sizeBytes, want) => {
  expect(parseRanges(text, sizeBytes)).toEqual(want as ReturnType<typeof parseRanges>);
});

test.each([
  [1024, 1024],
  [1025, undefined],
])("%p ranges are served as %p parts", (count, want) => {
  const header = `bytes=${Array.from({ length: count }, (_, index) => `${index * 2}-${index * 2}`).join(",")}`;
  const ranges = parseRanges(header, 10_000);
  expect(Array.isArray(ranges) ? ranges.length : ranges).toEqual(want);
});

test("parseRanges() never leaves the content and names no byte twice, whatever the header says", () => {
  const spec = fc.tuple(fc.option(fc.nat(60)), fc.option(fc.nat(60))).map(([a, b]) => `${a ?? ""}-${b ?? ""}`);
  const header = fc.array(spec, { maxLength: 6 }).map((specs) => `bytes=${specs.join(",")}`);
  fc.assert(
    fc.property(fc.oneof(header, fc.string()), fc.nat(50), (text, sizeBytes) => {
      const ranges = parseRanges(text, sizeBytes);
      if (ranges === undefined || ranges === "unsatisfiable") return;
      const counts = Array.from({ length: sizeBytes }, (_, at) => ranges.filter((one) => isIn(one, at)).length);
      expect(Math.max(...counts)).toBe(1);
      expect(ranges.every(({ start, end }) => 0 <= start && start < end && end <= sizeBytes)).toBe(true);
    }),
  );
});

test("parseRanges() serves the bytes that were asked for, as far as there are some", () => {
  const pair = fc.tuple(fc.nat(30), fc.nat(30));
  fc.assert(
    fc.property(fc.array(pair, { minLength: 1, maxLength: 5 }), fc.nat(30), (pairs, sizeBytes) => {
      const ranges = parseRanges(`bytes=${pairs.map(([first, last]) => `${first}-${last}`).join(", ")}`, sizeBytes);
      const served = Array.isArray(ranges) ? ranges : [];
      const all = Array.from({ length: sizeBytes }, (_, at) => at);
      expect(all.filter((at) => served.some((one) => isIn(one, at)))).toEqual(
        all.filter((at) => pairs.some(([first, last]) => first <= at && at <= last)),
      );
    }),
  );
});

function isIn({ start, end }: { start: number; end: number }, at: number): boolean {
  return start <= at && at < end;
}

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
