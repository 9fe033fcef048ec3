import { expect, test } from "bun:test";
import type { Results } from "../../bench/results.ts";
import { formatGrowth, formatHead, formatResults } from "../../bench/table.ts";

const results: Results = {
  machine: "2 × a processor",
  date: "2026-11-29",
  versions: { registry: "registry 0.1.0", distribution3: "registry-v3 v3.1.2" },
  rows: [
    {
      id: "tag-16@memory",
      work: "GET a manifest (memory)",
      unit: "ms",
      series: { registry: { values: [0.05], cpu: [0.06] }, distribution3: { values: [0.111], cpu: [0.184] } },
    },
    {
      id: "start@memory",
      work: "start",
      unit: "ms",
      series: { registry: { values: [31] }, distribution3: { values: [90] } },
    },
    { id: "executable@memory", work: "executable", unit: "MiB", series: { registry: { values: [113] } } },
  ],
  growth: [],
};

test("formatResults() has time, processor time in brackets, reckoned peers, the standing and the verdict", () => {
  expect(formatResults(results)).toBe(
    [
      "### In memory",
      "",
      "| work | unit | ours | distribution 3 | zot | Angos | ours / best peer | aim | met |",
      "|---|---|---|---|---|---|---|---|---|",
      "| GET a manifest | ms | 0.0500 (0.0600) | 0.111 (0.184) | ≈ 0.0420 (0.0520) | ≈ 0.0400 (0.0670) | 1.25 (1.15) | ≤ 0.7 (0.9) | **no** (time, CPU) |",
      "| start | ms | 31.0 | 90.0 |  |  | 0.344 | ≤ 50 ms | yes |",
      "| executable | MiB | 113 |  |  |  |  |  |  |",
    ].join("\n"),
  );
});

test("formatResults() has a table for each setting, with the columns that are needed there", () => {
  const disk = {
    id: "images-one@ext4",
    work: "push (ext4)",
    unit: "ms",
    series: { registry: { values: [9] }, undurable: { values: [4] } },
  } as const;
  const text = formatResults({ ...results, rows: [...results.rows.slice(1, 2), disk] });
  expect(text).toContain("### In memory\n\n| work | unit | ours | distribution 3 |");
  expect(text).toContain("### On ext4\n\n| work | unit | ours | ours, `durable: false` |");
  expect(text).toContain("| push | ms | 9.00 | 4.00 |");
});

test("formatHead() names the machine and each version, and workers where they were asked for", () => {
  expect(formatHead({ ...results, workers: 2 })).toBe(
    "2 × a processor; 2026-11-29\n\n- ours: `registry 0.1.0`\n- distribution 3: `registry-v3 v3.1.2`\n- `http.workers` of ours: 2",
  );
});

test("formatGrowth() leaves a cell empty where nothing was measured", () => {
  const growth = {
    id: "x",
    title: "X",
    over: "things",
    unit: "ms",
    sizes: [10, 1000],
    lines: { a: [1, undefined], b: [2, 3] },
  };
  expect(formatGrowth(growth)).toBe(
    ["| ms, over things | 10 | 1,000 |", "|---|---|---|", "| a | 1.00 |  |", "| b | 2.00 | 3.00 |"].join("\n"),
  );
});

test("formatGrowth() says of lines with an aim whether their last value meets it", () => {
  const lines = { fast: [1, 2], slow: [1, 20], missing: [1, undefined], other: [3, 4] };
  const growth = { id: "tags", title: "Tags", over: "tags", unit: "ms", sizes: [1, 10], lines };
  expect(
    formatGrowth({ ...growth, aims: { fast: 2, slow: 10, missing: 5 } })
      .split("\n")
      .slice(0, 1),
  ).toEqual(["| ms, over tags | 1 | 10 | aim | met |"]);
  expect(
    formatGrowth({ ...growth, aims: { fast: 2, slow: 10, missing: 5 } })
      .split("\n")
      .slice(2),
  ).toEqual([
    "| fast | 1.00 | 2.00 | ≤ 2 | yes |",
    "| slow | 1.00 | 20.0 | ≤ 10 | **no** |",
    "| missing | 1.00 |  | ≤ 5 | not measured |",
    "| other | 3.00 | 4.00 |  |  |",
  ]);
});
