// The benchmark itself: it measures the built executable, writes what came out, and compares with it.
import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Results } from "../../bench/results.ts";
import { requireProgram, run } from "../e2e/program.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

const program = join(import.meta.dir, "../../bench/bench.ts");
const bench = (...words: readonly string[]) => run([process.execPath, program, ...words]);

const hasGo = requireProgram("go", "golang-go");

describe.if(hasGo && process.platform === "linux")("npm run bench", () => {
  test("measures ours, writes JSON, and compares with it", async () => {
    using directory = temporaryDirectory();
    const file = join(directory.path, "results.json");
    const first = await bench("--quick", "--only", "resources", "--json", file);
    expect(first.code).toBe(0);
    const { rows, versions }: Results = JSON.parse(readFileSync(file, "utf8"));
    expect(rows.map(({ id }) => id)).toEqual(["start@memory", "idle@memory", "executable@memory"]);
    for (const { series } of rows) expect(Math.min(...(series.registry?.values ?? []))).toBeGreaterThan(0);
    expect(first.stdout).toContain(`- ours: \`${versions.registry}\``);
    const second = await bench("--quick", "--only", "resources", "--compare", file);
    expect(second.stdout).toMatch(/Nothing became slower|Slower than noise explains/);
  });

  test("leaves nothing behind in memory", async () => {
    const left = () => readdirSync("/dev/shm").filter((name) => name.startsWith("registry-bench-"));
    const before = left();
    await bench("--quick", "--only", "resources");
    expect(left().filter((name) => !before.includes(name))).toEqual([]);
  });

  test.each([
    [["--quick", "--compare", "/nowhere.json"], 1, "/nowhere.json"],
    [["--only", "everything"], 64, "--only PARTS"],
  ])("%p is one clear error", async (words, code, text) => {
    const outcome = await bench(...words);
    expect([outcome.code, outcome.stdout]).toEqual([code, ""]);
    expect(outcome.stderr).toContain(text);
  });
});
