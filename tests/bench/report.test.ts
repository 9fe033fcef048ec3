import { expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { prepareReport, replaceSection, writeReport } from "../../bench/report.ts";
import type { Results } from "../../bench/results.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

const page = "# Page\n\n<!-- bench: results -->\nold\n<!-- end -->\n\n<!-- bench: growth -->\n<!-- end -->\n\nlast\n";

test("replaceSection() writes between its marks, and the same again when it is done again", () => {
  const once = replaceSection(page, "results", "new");
  expect(once).toBe(page.replace("old\n", "\nnew\n\n"));
  expect(replaceSection(once, "results", "new")).toBe(once);
});

test("replaceSection() refuses a page without the marks", () => {
  expect(() => replaceSection(page, "workers", "new")).toThrow('no "<!-- bench: workers -->"');
  expect(() => replaceSection("<!-- bench: results -->\n", "results", "new")).toThrow("to write between");
});

test("writeReport() writes the sections for which there is something, and plots beside the page", () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "performance.md");
  writeFileSync(path, page);
  const growth = { id: "tags", title: "Tags", over: "tags", unit: "ms", sizes: [1, 10], lines: { GET: [1, 2] } };
  const results: Results = { machine: "m", date: "d", versions: {}, rows: [], growth: [growth] };
  writeReport(path, results);
  const text = readFileSync(path, "utf8");
  expect(text).toContain("old");
  expect(text).toContain("![Tags](performance/tags.svg)");
  expect(existsSync(join(directory.path, "performance/tags.svg"))).toBe(true);
});

test("prepareReport() makes a page that can be written to, and refuses one that cannot", () => {
  using directory = temporaryDirectory();
  const [path, other] = [join(directory.path, "new/performance.md"), join(directory.path, "other.md")];
  prepareReport(path);
  prepareReport(path);
  writeFileSync(other, page);
  expect(() => prepareReport(other)).toThrow('no "<!-- bench: workers -->"');
  const growth = { id: "tags", title: "Tags", over: "tags", unit: "ms", sizes: [1, 10], lines: { GET: [1, 2] } };
  writeReport(path, { machine: "m", date: "d", versions: {}, rows: [], growth: [growth] });
  expect(readFileSync(path, "utf8")).toContain("![Tags](performance/tags.svg)");
});
