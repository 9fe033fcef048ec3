import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseMemory, parseQuota, readGroupLimit } from "../../../src/app/workers/control-group.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

/** Groups with their limits of memory, of which one is this process's. */
function groups(directory: string, own: string, limits: Readonly<Record<string, string>>) {
  const places = { own: join(directory, "own"), mount: join(directory, "mount") };
  writeFileSync(places.own, own);
  for (const [group, limit] of Object.entries(limits)) {
    mkdirSync(join(places.mount, group), { recursive: true });
    writeFileSync(join(places.mount, group, "memory.max"), limit);
  }
  return places;
}

test.each([
  ["0::/\n", { "/": "5\n" }, 5],
  ["0::/a/b\n", { "/a/b": "max\n", "/a": "7\n" }, 7],
  ["0::/a/b\n", { "/a/b": "6\n", "/a": "7\n", "/c": "1\n" }, 6],
  ["1:memory:/a\n0::/b\n", { "/a": "1\n", "/b": "2\n" }, 2],
  ["0::/a/b\n", { "/a": "max\n" }, undefined],
  ["0::/../other\n", { "/": "9\n" }, 9],
  ["", {}, undefined],
])("readGroupLimit() of %j with %j: %p", (own, limits, want) => {
  using directory = temporaryDirectory();
  expect(readGroupLimit("memory.max", parseMemory, groups(directory.path, own, limits))).toBe(want);
});

test("readGroupLimit() without control groups is none", () => {
  expect(readGroupLimit("memory.max", parseMemory, { own: "/nowhere", mount: "/nowhere" })).toBeUndefined();
});

test.each([
  ["max 100000\n", undefined],
  ["150000 100000\n", 1.5],
  ["", undefined],
  ["5 0\n", undefined],
])("parseQuota(%p) is %p", (text, want) => {
  expect(parseQuota(text)).toBe(want);
});

test.each([
  ["max\n", undefined],
  ["268435456\n", 268435456],
  ["", undefined],
])("parseMemory(%p) is %p", (text, want) => {
  expect(parseMemory(text)).toBe(want);
});
