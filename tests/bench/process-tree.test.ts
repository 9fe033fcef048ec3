import { expect, test } from "bun:test";
import { memoryMiB, parseStat, processorSeconds, treeOf } from "../../bench/process-tree.ts";

const line = "4 (a (strange) name) S 2 4 4 0 -1 4194560 900 0 0 0 11 7 3 1 20 0 1 0 8 100 20 0";

test("parseStat() adds up own time and that of ended children, and takes a name with brackets", () => {
  expect(parseStat(line)).toEqual({ pid: 4, parent: 2, ticks: 22 });
});

test.each(["", "4", "x (y) S 1", "4 (y) S 1 2 3"])("parseStat(%p) is nothing", (text) => {
  expect(parseStat(text)).toBeUndefined();
});

test("treeOf() finds descendants of every degree, in whatever order they come, and nobody else", () => {
  const processes = [
    { pid: 30, parent: 20, ticks: 1 },
    { pid: 20, parent: 10, ticks: 1 },
    { pid: 10, parent: 1, ticks: 1 },
    { pid: 11, parent: 1, ticks: 1 },
  ];
  expect(treeOf(10, processes).map(({ pid }) => pid)).toEqual([10, 20, 30]);
  expect(treeOf(99, processes)).toEqual([]);
});

test.if(process.platform === "linux")("time and memory of this process are there; of one that is not, nothing", () => {
  const endMs = performance.now() + 50;
  while (performance.now() < endMs);
  expect(processorSeconds(process.pid)).toBeGreaterThan(0);
  expect(memoryMiB(process.pid, "now")).toBeGreaterThan(1);
  expect(memoryMiB(process.pid, "peak")).toBeGreaterThan(1);
  expect(processorSeconds(2 ** 30)).toBe(0);
  expect(memoryMiB(2 ** 30, "peak")).toBe(0);
});
