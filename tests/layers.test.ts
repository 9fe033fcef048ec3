// The floors of the house (src/README.md): an import goes down or stays in its own folder, libraries stay
// where their subject lives, and every source file with code in it has a test.
import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { Glob } from "bun";

const root = join(import.meta.dir, "..");

/** What each folder may import beside itself. A path names a file, a bare word a folder. */
const mayImport: Record<string, readonly string[]> = {
  lib: [],
  metrics: [],
  log: [],
  oci: ["lib"],
  storage: ["lib", "metrics"],
  registry: ["oci", "storage/driver.ts", "lib"],
  auth: ["oci", "lib"],
  proxy: ["registry", "oci", "lib"],
  notifications: ["registry", "oci", "storage/driver.ts", "lib"],
  tls: ["lib"],
  config: ["lib"],
  ui: [],
  http: ["registry", "auth", "oci", "ui", "log", "metrics", "lib"],
  app: [
    "lib",
    "log",
    "metrics",
    "oci",
    "storage",
    "registry",
    "auth",
    "proxy",
    "notifications",
    "tls",
    "config",
    "http",
  ],
};

/** The only folder that may import a library. */
const libraryHome: Record<string, string> = {
  "@peculiar/x509": "tls",
  tldts: "proxy",
  re2js: "config",
  "reflect-metadata": "tls",
  yaml: "config",
  zod: "config",
};

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

/** app.ts and app/ are one floor; main.ts and cli/ see everything below. */
function folderOf(file: string): string {
  if (file === "app.ts") return "app";
  return file.includes("/") ? file.slice(0, file.indexOf("/")) : "top";
}

function isAllowed({ from, to }: Import): boolean {
  const folder = folderOf(from);
  if (folder === "top" || folder === "cli") return true;
  if (folderOf(to) === folder) return true;
  return (mayImport[folder] ?? []).some((allowed) => to === allowed || folderOf(to) === allowed);
}

test("every folder of src is on a floor", () => {
  const unknown = sources().filter((file) => !["top", "cli", ...Object.keys(mayImport)].includes(folderOf(file)));
  expect(unknown).toEqual([]);
});

test("an import goes down, or stays in its own folder", () => {
  expect(relativeImports.filter((edge) => !isAllowed(edge))).toEqual([]);
});

test("nothing imports main.ts or cli/ from below", () => {
  const upward = relativeImports.filter(
    ({ from, to }) => (to === "main.ts" || folderOf(to) === "cli") && !["top", "cli"].includes(folderOf(from)),
  );
  expect(upward).toEqual([]);
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
      .filter((specifier) => libraryHome[specifier] !== folderOf(file))
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
    .filter((file) => {
      const base = join(root, "tests", file.replace(/\.tsx?$/, ""));
      return !existsSync(`${base}.test.ts`) && !existsSync(`${base}.e2e.ts`);
    });
  expect(untested).toEqual([]);
});
