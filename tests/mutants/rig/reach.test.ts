import { expect, test } from "bun:test";
import { parseLcov, testsFor } from "./reach.ts";

const coverage = (durationMs: number, lcov: string) => ({ hash: "", durationMs, lines: parseLcov(lcov) });

test("testsFor() names the source's own test, then its folder's that run the line, and then the others", () => {
  const reach = new Map([
    ["tests/slow.test.ts", coverage(200, "TN:\nSF:src/a.ts\nDA:3,1\nend_of_record\nSF:src/b.ts\nDA:3,0\n")],
    ["tests/lib/quick.test.ts", coverage(100, "SF:src/a.ts\nDA:1,1\nDA:3,2\n")],
    ["tests/b.test.ts", coverage(50, "SF:src/a.ts\nDA:3,0\nSF:src/b.ts\nDA:3,1\n")],
    ["tests/a.test.ts", coverage(300, "SF:src/a.ts\nDA:3,0\n")],
  ]);
  const mutant = { path: "src/a.ts", line: 4, start: 0, end: 1, before: "", after: "" };
  expect(testsFor(mutant, reach).map(({ test }) => test)).toEqual([
    "tests/a.test.ts",
    "tests/slow.test.ts",
    "tests/lib/quick.test.ts",
  ]);
});
