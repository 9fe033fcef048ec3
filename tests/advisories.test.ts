// docs/advisories.md names tests: they have to be there, and every advisory has one, or a reason why it cannot apply.
import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dir, "..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const battery = "tests/e2e/advisories.e2e.ts";

/** The rows of every table, without its head. */
const rows = read("docs/advisories.md")
  .split("\n")
  .filter((line) => line.startsWith("| ") && !/^\| (advisory|class) \|/.test(line))
  .map((line) =>
    line
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim()),
  );

const identifiers = (text: string) => text.match(/\b(?:CVE-\d{4}-\d+|GHSA(?:-[0-9a-z]{4}){3})\b/g) ?? [];

/** What a row names, in backticks: a file, or a file and the name of a test in it. */
function referencesOf(row: readonly string[]): readonly string[] {
  return [...(row.at(-1) ?? "").matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? "");
}

test("every advisory stands once, with a test or the reason why it cannot apply", () => {
  const listed = rows.flatMap(([first = ""]) => identifiers(first));
  const twice = listed.filter((id, index) => listed.indexOf(id) !== index);
  const bare = rows.filter((row) => referencesOf(row).length === 0 && !/^cannot apply: ./.test(row[2] ?? ""));
  expect({ twice, bare, isLong: listed.length > 100 }).toEqual({ twice: [], bare: [], isLong: true });
});

test.each([...new Set(rows.flatMap(referencesOf))])("there is %s", (reference) => {
  const [path = "", ...rest] = reference.split(": ");
  const title = rest.join(": ");
  expect(existsSync(join(root, path))).toBe(true);
  if (title !== "") expect(read(path)).toContain(`"${title}"`);
});

test("what the battery tries is listed as tried by it, and nothing else is", () => {
  const titles = read(battery).match(/^ {4}"(?:CVE|GHSA)[^"]+"|^ {2}\["(?:CVE|GHSA)[^"]+"/gm) ?? [];
  const tried = new Set(titles.flatMap(identifiers));
  const listed = rows.filter((row) => referencesOf(row).includes(battery)).map(([first = ""]) => identifiers(first));
  const untried = listed.filter((ids) => ids.length > 0 && !ids.some((id) => tried.has(id)));
  const unlisted = [...tried].filter((id) => !listed.flat().includes(id));
  expect({ untried, unlisted }).toEqual({ untried: [], unlisted: [] });
});
