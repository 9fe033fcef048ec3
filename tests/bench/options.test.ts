import { expect, test } from "bun:test";
import { parseOptions, parts } from "../../bench/options.ts";

const nothing = { disks: [], workers: undefined, compare: undefined, json: undefined, report: undefined };

test.each([
  [[], { ...nothing, parts: parts.filter((part) => part !== "growth"), length: "usual" }],
  [["--growth", "--long"], { ...nothing, parts: ["growth"], length: "long" }],
  [["--all"], { ...nothing, parts, length: "usual" }],
  [["--quick", "--only", "large,small"], { ...nothing, parts: ["small", "large"], length: "quick" }],
  [
    ["--only", "disk", "--disk", "/a", "--disk", "/b", "--workers", "2"],
    { ...nothing, parts: ["disk"], length: "usual", disks: ["/a", "/b"], workers: 2 },
  ],
  [
    ["--only", "gc", "--compare", "a", "--json", "b", "--report", "c"],
    { ...nothing, parts: ["gc"], length: "usual", compare: "a", json: "b", report: "c" },
  ],
] as const)("parseOptions(%p)", (words, want) => {
  expect(parseOptions(words)).toEqual({ ...want, parts: [...want.parts], disks: [...want.disks] } as never);
});

test.each([
  [["--only", "everything"]],
  [["--only", ""]],
  [["--only", "gc", "--all"]],
  [["--quick", "--long"]],
  [["--workers", "many"]],
  [["--workers", "-1"]],
  [["--help"]],
  [["--unknown"]],
  [["gc"]],
])("parseOptions(%p) is not understood", (words) => {
  expect(parseOptions(words)).toBeUndefined();
});
