import { heapStats } from "bun:jsc";
import { expect, test } from "bun:test";
import { copyText } from "../../src/lib/copied-text.ts";

test.each(["", "plain", "größer 漢字 🙂"])("copyText(%p) is the same text", (text) => {
  expect(copyText(text)).toBe(text);
});

test("copyText() lets go of the text that a piece was cut out of", () => {
  const texts = 200;
  const lengthBytes = 500_000;
  const measure = () => {
    Bun.gc(true);
    const { heapSize, extraMemorySize } = heapStats();
    return heapSize + extraMemorySize;
  };
  const before = measure();
  const kept = Array.from({ length: texts }, (_, index) => {
    const long = new TextDecoder().decode(new Uint8Array(lengthBytes).fill(65 + (index % 26)));
    return copyText(long.slice(100, 150));
  });
  const grownBytes = measure() - before;
  expect([kept.length, grownBytes < (texts * lengthBytes) / 10]).toEqual([texts, true]);
});
