import { describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { readCoreLimit, readMemoryLimit } from "../../../src/app/workers/control-group.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

/** Files of control groups, and which groups are this process's. */
function groups(directory: string, own: string, files: Readonly<Record<string, string>>) {
  const places = { own: join(directory, "own"), mount: join(directory, "mount") };
  writeFileSync(places.own, own);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(places.mount, dirname(name)), { recursive: true });
    writeFileSync(join(places.mount, name), text);
  }
  return places;
}

const unlimited = "9223372036854771712\n";

describe("readMemoryLimit()", () => {
  test.each([
    ["0::/\n", { "memory.max": "5\n" }, 5],
    ["0::/a/b\n", { "a/b/memory.max": "max\n", "a/memory.max": "7\n" }, 7],
    ["0::/a/b\n", { "a/b/memory.max": "6\n", "a/memory.max": "7\n", "c/memory.max": "1\n" }, 6],
    ["0::/a/b\n", { "a/memory.max": "max\n" }, undefined],
    ["0::/../other\n", { "memory.max": "9\n" }, 9],
    ["1:memory:/a\n0::/b\n", { "a/memory.max": "1\n", "b/memory.max": "2\n" }, 2],
    ["3:cpu,cpuacct:/b\n1:memory:/a\n0::/\n", { "memory/a/memory.limit_in_bytes": "3\n" }, 3],
    // A container that sees its own group as the root, under the name that it has outside.
    ["1:memory:/docker/0123\n", { "memory/memory.limit_in_bytes": "4\n" }, 4],
    ["1:memory:/a\n", { "memory/a/memory.limit_in_bytes": unlimited, "memory/memory.limit_in_bytes": "8\n" }, 8],
    ["1:memory:/a\n", { "memory/a/memory.limit_in_bytes": unlimited }, undefined],
    ["", {}, undefined],
  ])("of %j with %j is %p", (own, files, want) => {
    using directory = temporaryDirectory();
    expect(readMemoryLimit(groups(directory.path, own, files))).toBe(want);
  });
});

describe("readCoreLimit()", () => {
  const old = (group: string, quota: string, period = "100000\n") => ({
    [`cpu/${group}/cpu.cfs_quota_us`]: quota,
    [`cpu/${group}/cpu.cfs_period_us`]: period,
  });
  test.each([
    ["0::/a\n", { "a/cpu.max": "max 100000\n" }, undefined],
    ["0::/a\n", { "a/cpu.max": "150000 100000\n" }, 1.5],
    ["0::/a\n", { "a/cpu.max": "5 0\n" }, undefined],
    ["4:cpu,cpuacct:/a\n", old("a", "-1\n"), undefined],
    ["4:cpu,cpuacct:/a\n", old("a", "50000\n"), 0.5],
    ["4:cpuacct,cpu:/a/b\n", { ...old("a/b", "300000\n"), ...old("a", "200000\n") }, 2],
    ["4:cpuset:/a\n", old("a", "50000\n"), undefined],
    ["4:cpu:/a\n", old("a", "50000\n", ""), undefined],
  ])("of %j with %j is %p", (own, files, want) => {
    using directory = temporaryDirectory();
    expect(readCoreLimit(groups(directory.path, own, files))).toBe(want);
  });
});

test("without control groups there is no limit", () => {
  const nowhere = { own: "/nowhere", mount: "/nowhere" };
  expect([readMemoryLimit(nowhere), readCoreLimit(nowhere)]).toEqual([undefined, undefined]);
});
