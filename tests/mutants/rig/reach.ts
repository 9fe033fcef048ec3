// Which tests run which lines: a mutant is shown only to tests that can notice it.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Mutant } from "./mutations.ts";
import { inSandboxes, listFiles, root } from "./sandbox.ts";

/** What one file of tests runs. */
interface Coverage {
  /** Of everything that the result depends on. */
  readonly hash: string;
  readonly durationMs: number;
  /** For each source, its lines with how often they ran. */
  readonly lines: Readonly<Record<string, Readonly<Record<number, number>>>>;
}

export type Reach = ReadonlyMap<string, Coverage>;

/** Measured anew only where a test or a source changed. */
const memory = join(root, "node_modules/.cache/mutants.json");

/** Runs each file of tests alone. One that does not pass is left out, and told. */
export async function measureReach(jobs: number, tell: (line: string) => void): Promise<Reach> {
  const known = readMemory();
  const files = listFiles().filter((path) => /^(?:src|tests)\//.test(path));
  const isTest = (path: string): boolean => path.endsWith(".test.ts");
  const common = hashOf(files.filter((path) => !isTest(path) && !path.startsWith("tests/mutants/")));
  const reach = new Map<string, Coverage>();
  await inSandboxes(jobs, files.filter(isTest), async (sandbox, test) => {
    const hash = hashOf([test], common);
    const before = known[test];
    if (before?.hash === hash) return void reach.set(test, before);
    const startMs = performance.now();
    const lcov = await sandbox.cover(test);
    if (lcov === undefined) return tell(`${test} does not pass alone and is left out`);
    reach.set(test, { hash, durationMs: performance.now() - startMs, lines: parseLcov(lcov) });
  });
  mkdirSync(dirname(memory), { recursive: true });
  writeFileSync(memory, JSON.stringify(Object.fromEntries(reach)));
  return reach;
}

function readMemory(): Readonly<Record<string, Coverage>> {
  try {
    return JSON.parse(readFileSync(memory, "utf8"));
  } catch {
    return {};
  }
}

function hashOf(paths: readonly string[], begin = ""): string {
  const hasher = new Bun.CryptoHasher("sha256").update(begin);
  for (const path of paths) hasher.update(path).update(readFileSync(join(root, path)));
  return hasher.digest("hex");
}

/** `SF:` names a source, and `DA:` one of its lines with how often it ran. */
export function parseLcov(text: string): Coverage["lines"] {
  const lines: Record<string, Record<number, number>> = {};
  let current: Record<number, number> = {};
  for (const [, word, value = ""] of text.matchAll(/^(SF|DA):(.+)$/gm)) {
    const [line, count] = value.split(",").map(Number);
    if (word === "SF") lines[value] = current = {};
    else if (line !== undefined && count !== undefined) current[line] = count;
  }
  return lines;
}

/** The tests that run the line, or may: the source's own first, then its folder's, and the quickest of those. */
export function testsFor(
  mutant: Mutant,
  reach: Reach,
): readonly { readonly test: string; readonly durationMs: number }[] {
  const own = ownTest(mutant.path);
  const distance = (test: string): number => (test === own ? 0 : dirname(test) === dirname(own) ? 1 : 2);
  return [...reach]
    .filter(([test, { lines }]) => test === own || runs(lines[mutant.path], mutant.line))
    .map(([test, { durationMs }]) => ({ test, durationMs }))
    .sort((one, other) => distance(one.test) - distance(other.test) || one.durationMs - other.durationMs);
}

const ownTest = (path: string): string => path.replace(/^src\/(.*)\.ts$/, "tests/$1.test.ts");

/** A line that is not listed belongs to a statement that begins above it. */
function runs(lines: Readonly<Record<number, number>> | undefined, line: number): boolean {
  if (lines === undefined) return false;
  for (let above = line; above > 0; above -= 1) {
    const count = lines[above];
    if (count !== undefined) return count > 0;
  }
  return false;
}
