import { expect, test } from "bun:test";
import { orderOf, RowInWork } from "../../bench/measure.ts";

const done = { wallMs: 500, requests: 20, units: 10, bytes: 250e6, p50Ms: 1, p99Ms: 2, maxMs: 3, clientMs: 50 };

test.each([
  ["ms", 50, 20],
  ["s/GB", 2, 0.8],
  ["s", 0.5, 0.2],
] as const)("a row in %s divides time and processor time alike", (unit, value, cpu) => {
  const row = new RowInWork({ id: "id", work: "work", unit });
  row.addJob("registry", done, 0.2);
  expect(row.row).toEqual({
    id: "id",
    work: "work",
    unit,
    series: { registry: { values: [value], cpu: [cpu], p50Ms: [1], p99Ms: [2], maxMs: [3], client: [0.1] } },
  });
});

test("a row keeps samples of each registry apart, in their order", () => {
  const row = new RowInWork({ id: "id", work: "work", unit: "MiB" });
  row.add("registry", { value: 1 });
  row.add("zot", { value: 5 });
  row.add("registry", { value: 2 });
  expect(row.row.series).toEqual({ registry: { values: [1, 2] }, zot: { values: [5] } });
});

test("orderOf() turns the order round every other time", () => {
  expect([0, 1, 2].map((round) => orderOf(["a", "b", "c"], round).join(""))).toEqual(["abc", "cba", "abc"]);
});
