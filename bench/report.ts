// Writes what was measured into a page, between marks: `<!-- bench: NAME -->` and `<!-- end -->`.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { formatPlot } from "./plot.ts";
import type { Results } from "./results.ts";
import { formatGrowth, formatHead, formatResults } from "./table.ts";

const end = "<!-- end -->";

/** The page with another text between the marks of that name. A page without them is a mistake. */
export function replaceSection(page: string, name: string, text: string): string {
  const mark = `<!-- bench: ${name} -->\n`;
  const from = page.indexOf(mark);
  const to = page.indexOf(end, from);
  if (from === -1 || to === -1) throw new Error(`no "${mark.trim()}" … "${end}" to write between`);
  return `${page.slice(0, from + mark.length)}\n${text}\n\n${page.slice(to)}`;
}

const sections = ["results", "workers", "growth"] as const;

/** Makes the page if it is missing; throws if one that is there has no marks. Before anything is measured, which takes long. */
export function prepareReport(path: string): void {
  if (!existsSync(path)) {
    const marks = sections.map((name) => `<!-- bench: ${name} -->\n${end}\n`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `# Performance\n\n${marks.join("\n")}`);
  }
  const page = readFileSync(path, "utf8");
  for (const name of sections) replaceSection(page, name, "");
}

/** Writes the sections for which there are results, and plots into a directory beside the page. */
export function writeReport(path: string, results: Results): void {
  let page = readFileSync(path, "utf8");
  if (results.rows.length > 0) {
    // With workers it is another story, told in its own section.
    const name = results.workers === undefined ? "results" : "workers";
    page = replaceSection(page, name, `${formatHead(results)}\n\n${formatResults(results)}`);
  }
  if (results.growth.length > 0) {
    const directory = join(dirname(path), basename(path, ".md"));
    mkdirSync(directory, { recursive: true });
    const parts = results.growth.map((growth) => {
      writeFileSync(join(directory, `${growth.id}.svg`), formatPlot(growth));
      return `### ${growth.title}\n\n![${growth.title}](${basename(directory)}/${growth.id}.svg)\n\n${formatGrowth(growth)}`;
    });
    page = replaceSection(page, "growth", [formatHead(results), ...parts].join("\n\n"));
  }
  writeFileSync(path, page);
}
