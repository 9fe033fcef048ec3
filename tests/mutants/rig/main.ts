// npm run mutants -- --only 'src/http/**' --sample 200 --seed 7
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Glob } from "bun";
import { Chance } from "../../crash/rig/chance.ts";
import { findMutants, type Mutant } from "./mutations.ts";
import { measureReach, type Reach, testsFor } from "./reach.ts";
import { inSandboxes, root, type Sandbox } from "./sandbox.ts";

const help = `npm run mutants -- [options]
Makes small mistakes in the sources, one at a time and in a copy, and shows those that no unit test notices.
  --only GLOB     the sources, or a line of one: src/http/range.ts:12 (default src/{registry,storage,proxy,http}/**)
  --sample N      only so many mistakes, by chance
  --seed S        the same seed chooses the same mistakes (default 1)
  --jobs N        how many at a time (default: half of the processors)
  --list          shows the mistakes and makes none`;

const { values } = parseArgs({
  options: {
    only: { type: "string", multiple: true, default: ["src/{registry,storage,proxy,http}/**/*.ts"] },
    sample: { type: "string", default: "Infinity" },
    seed: { type: "string", default: "1" },
    jobs: { type: "string", default: String(Math.max(1, Math.floor(availableParallelism() / 2))) },
    list: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

function chooseMutants(): readonly Mutant[] {
  const all = values.only.flatMap((only) => {
    const [glob = "", line] = only.split(":");
    return [...new Glob(glob).scanSync(root)]
      .filter((path) => path.endsWith(".ts"))
      .sort()
      .flatMap((path) => findMutants(path, readFileSync(join(root, path), "utf8")))
      .filter((mutant) => line === undefined || mutant.line === Number(line));
  });
  const chance = new Chance(values.seed);
  return all
    .map((mutant) => ({ mutant, lot: chance.fraction() }))
    .sort((one, other) => one.lot - other.lot)
    .slice(0, Number(values.sample))
    .map(({ mutant }) => mutant);
}

const describe = ({ path, line, before, after }: Mutant): string =>
  `${path}:${line}  ${short(before)}  ->  ${after === ";" ? "(nothing)" : short(after)}`;

const short = (text: string): string => text.replace(/\s+/g, " ").slice(0, 100);

const patienceMs = 15_000;

/** Whether a test notices the mistake: first the source's own, which mostly does, then the others. */
async function isNoticed(sandbox: Sandbox, mutant: Mutant, reach: Reach): Promise<boolean> {
  const [nearest, ...others] = testsFor(mutant, reach);
  for (const tests of [nearest === undefined ? [] : [nearest], others]) {
    const limitMs = patienceMs + 4 * tests.reduce((sum, { durationMs }) => sum + durationMs, 0);
    const names = tests.map(({ test }) => test);
    if (names.length > 0 && (await sandbox.try(mutant, names, limitMs)) !== "passed") return true;
  }
  return false;
}

interface Result {
  readonly path: string;
  readonly isNoticed: boolean;
}

/** A line for each folder. */
function formatScores(results: readonly Result[]): string {
  const folders = Map.groupBy(results, ({ path }) => path.split("/")[1] ?? "");
  return [...folders, ["together", results] as const]
    .map(([folder, all]) => {
      const count = all.filter(({ isNoticed }) => isNoticed).length;
      return `${folder.padEnd(10)} ${count} of ${all.length} noticed, ${Math.floor((100 * count) / all.length)} %`;
    })
    .join("\n");
}

async function tryAll(mutants: readonly Mutant[]): Promise<boolean> {
  const jobs = Number(values.jobs);
  const reach = await measureReach(jobs, console.error);
  console.log(`${mutants.length} mistakes, ${reach.size} files of tests`);
  const results: Result[] = [];
  await inSandboxes(jobs, mutants, async (sandbox, mutant) => {
    const noticed = await isNoticed(sandbox, mutant, reach);
    results.push({ path: mutant.path, isNoticed: noticed });
    if (!noticed) console.log(describe(mutant));
    if (results.length % 50 === 0) console.error(formatScores(results));
  });
  console.log(formatScores(results));
  return results.every((result) => result.isNoticed);
}

if (values.help) console.log(help);
else if (values.list) console.log(chooseMutants().map(describe).join("\n"));
else process.exitCode = (await tryAll(chooseMutants())) ? 0 : 1;
