import { expect, test } from "bun:test";
import { formatSize, parseRate, parseSize } from "../../src/lib/size.ts";

test.each([
  ["0", 0],
  ["1024B", 1024],
  ["1024", undefined],
  ["100GB", 100e9],
  ["100 gb", 100e9],
  ["1.5MiB", 1.5 * 2 ** 20],
  ["10GiB", 10 * 2 ** 30],
  ["2tb", 2e12],
  ["", undefined],
  ["GB", undefined],
  ["-1GB", undefined],
  ["1e9", undefined],
  ["1 PB", undefined],
  ["99999999TB", undefined],
  ["1toString", undefined],
])("parseSize(%p)", (text, sizeBytes) => {
  expect(parseSize(text)).toBe(sizeBytes as number);
});

test.each([
  ["50MB/s", 50e6],
  ["50MB", 50e6],
  ["1 GiB /s", 2 ** 30],
  ["5", undefined],
  ["0", 0],
  ["fast", undefined],
])("parseRate(%p)", (text, rate) => {
  expect(parseRate(text)).toBe(rate as number);
});

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1.0 kB"],
  [1_234_567, "1.2 MB"],
  [999_950, "1.0 MB"],
  [5e15, "5000.0 TB"],
])("formatSize(%p)", (sizeBytes, text) => {
  expect(formatSize(sizeBytes)).toBe(text);
});
