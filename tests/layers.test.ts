// The floors of the house, as the drawing and the tables of src/README.md show them: an import goes down or stays in its
// own folder, libraries stay where their subject lives, every source file with code in it has a test, and a type has a name
// of its own.
import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { Glob } from "bun";

const root = join(import.meta.dir, "..");

const page = readFileSync(join(root, "src/README.md"), "utf8");

/** The cells of the table on that page whose heading begins with these words. */
function tableOf(...heading: readonly string[]): string[][] {
  const rows = page.split("\n").map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
  const start = rows.findIndex((row) => heading.every((word, column) => row[column] === word));
  const length = rows.slice(start).findIndex((row) => row.length === 0);
  return rows.slice(start + 2, start + length);
}

const codeIn = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? "");
const bare = (folder: string): string => folder.replace(/\/$/, "");

/** The number of each folder's floor, from the drawing. */
const floorOf = new Map(
  [...page.matchAll(/^(\d) {2}.+$/gm)].flatMap(([line, floor]) =>
    (line.match(/[\w.]+(?:\/|\.ts)(?!\S)/g) ?? []).map((name) => [bare(name), Number(floor)] as const),
  ),
);

/** What each folder may import beside itself: a path names a file, a bare word a folder. */
const mayImport = new Map(
  tableOf("folder", "may import").flatMap(([folders = "", allowed = ""]) =>
    codeIn(folders)
      .map(bare)
      .map((folder) => [folder, spell(folder, allowed)] as const),
  ),
);

function spell(folder: string, allowed: string): string[] {
  if (allowed === "nothing") return [];
  if (allowed !== "everything below") return allowed.split(", ");
  return [...floorOf].filter(([, floor]) => floor < (floorOf.get(folder) ?? 0)).map(([name]) => name);
}

/** The only folder that may import a library: the first one that its row names. */
const libraryHome = new Map(
  tableOf("for", "library").flatMap(([, libraries = "", reason = ""]) =>
    codeIn(libraries).map((library) => [library, codeIn(reason).map(bare)[0]] as const),
  ),
);

interface Import {
  readonly from: string;
  readonly to: string;
}

function sources(): string[] {
  return [...new Glob("**/*.{ts,tsx}").scanSync(join(root, "src"))].sort();
}

/** Every module a file names: static, type-only, re-exported and dynamic imports alike. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(root, "src", file), "utf8");
  const specifiers = text.matchAll(
    /(?:^|\n)\s*(?:import|export)\s[^;]*?from\s+"([^"]+)"|(?:import|require)\(\s*"([^"]+)"|(?:^|\n)import\s+"([^"]+)"/g,
  );
  return [...specifiers].map((match) => match[1] ?? match[2] ?? match[3] ?? "");
}

const relativeImports: Import[] = sources().flatMap((from) =>
  importsOf(from)
    .filter((specifier) => specifier.startsWith("."))
    .map((specifier) => ({ from, to: normalize(join(dirname(from), specifier)) })),
);

const folderOf = (file: string): string => file.split("/")[0] ?? "";

/** `main.ts` and `cli/`, like `app.ts` and `app/`, are one room with two doors. */
const roomOf = (file: string): string => ({ "main.ts": "cli", "app.ts": "app" })[file] ?? folderOf(file);

function isAllowed({ from, to }: Import): boolean {
  if (roomOf(from) === roomOf(to)) return true;
  return (mayImport.get(folderOf(from)) ?? []).some((allowed) => to === allowed || folderOf(to) === allowed);
}

test("src/README.md draws and lists every folder of src, and no others", () => {
  const folders = [...new Set(sources().map(folderOf))].sort();
  expect([...floorOf.keys()].sort()).toEqual(folders);
  expect([...mayImport.keys()].sort()).toEqual(folders);
});

test("src/README.md allows only imports that go down", () => {
  const level = (target: string): number => floorOf.get(folderOf(target)) ?? Number.POSITIVE_INFINITY;
  const upward = [...mayImport].flatMap(([folder, allowed]) =>
    allowed.filter((target) => level(target) >= level(folder)).map((target) => `${folder} -> ${target}`),
  );
  expect(upward).toEqual([]);
});

test("an import goes down, or stays in its own folder", () => {
  expect(relativeImports.filter((edge) => !isAllowed(edge))).toEqual([]);
});

test("no import circles", () => {
  const edges = new Map<string, string[]>();
  for (const { from, to } of relativeImports) edges.set(from, [...(edges.get(from) ?? []), to]);
  const finished = new Set<string>();
  const circles: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(" -> "));
    if (path.includes(file) || finished.has(file)) return;
    for (const next of edges.get(file) ?? []) visit(next, [...path, file]);
    finished.add(file);
  };
  for (const file of edges.keys()) visit(file, []);
  expect(circles).toEqual([]);
});

test("a library is imported only where its subject lives", () => {
  const strays = sources().flatMap((file) =>
    importsOf(file)
      .filter((specifier) => !specifier.startsWith("."))
      .filter((specifier) => !specifier.startsWith("node:") && !specifier.startsWith("bun"))
      .filter((specifier) => libraryHome.get(specifier) !== folderOf(file))
      .map((specifier) => `${file}: ${specifier}`),
  );
  expect(strays).toEqual([]);
});

/** A file that declares only types has nothing to run. */
function hasCode(file: string): boolean {
  const text = readFileSync(join(root, "src", file), "utf8");
  return /^\s*(?:export\s+)?(?:async\s+)?(?:function|class|const|let)\s|^await\s|^main\(/m.test(text);
}

test("every source file with code in it has a test", () => {
  const untested = sources()
    .filter(hasCode)
    // The components of the page do nothing without a browser: tests/ui/*.e2e.ts show them in one.
    .filter((file) => !file.endsWith(".tsx"))
    .filter((file) => {
      const base = join(root, "tests", file.replace(/\.tsx?$/, ""));
      return !existsSync(`${base}.test.ts`) && !existsSync(`${base}.e2e.ts`);
    });
  expect(untested).toEqual([]);
});

/** Interfaces, type aliases and classes, exported or not. */
function typesOf(file: string): string[] {
  const text = readFileSync(join(root, "src", file), "utf8");
  const declarations = text.matchAll(
    /^(?:export\s+)?(?:declare\s+)?(?:abstract\s+)?(?:interface|type|class)\s+(\w+)/gm,
  );
  return [...declarations].map(([, name = ""]) => name);
}

test("a type's name is declared in one file: one name, one thing", () => {
  const homes = Map.groupBy(
    sources().flatMap((file) => typesOf(file).map((name) => ({ name, file }))),
    ({ name }) => name,
  );
  const shared = [...homes].filter(([, all]) => new Set(all.map(({ file }) => file)).size > 1);
  expect(shared.map(([name, all]) => `${name}: ${all.map(({ file }) => file).join(", ")}`)).toEqual([]);
});
