// The crash rig for some minutes: nothing acknowledged is lost, whatever happens to servers, collectors and disks. And
// the rig would notice: without one of the rules of the protocol it finds losses within seconds.
import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { executable, startRegistry } from "../e2e/executable.ts";
import { requireProgram, requireRoot, waitUntil } from "../e2e/program.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { plainArgs } from "./killed-run.ts";
import { brokenRules, buildBroken } from "./rig/broken-build.ts";
import { mixedAilments, noAilments } from "./rig/plan.ts";
import { type RigOptions, runRig } from "./rig/rig.ts";
import { Tally } from "./rig/tally.ts";
import { freeze } from "./rig/victims.ts";
import { watch } from "./rig/watch.ts";

const canRun = [
  requireRoot(),
  requireProgram("strace", "strace"),
  requireProgram("faketime", "faketime"),
  requireProgram("mkfs.xfs", "xfsprogs"),
  requireProgram("mkfs.btrfs", "btrfs-progs"),
].every(Boolean);

/** A seed of the caller's, or another one each time; it is printed. */
const seed = process.env.CRASH_SEED ?? String(Date.now());

/** Everything that the rig knows. */
const everything: Omit<RigOptions, "executable" | "ledgers" | "goesOn"> = {
  seed,
  disks: ["tmpfs"],
  faults: ["kill", "call", "freeze", "dawdle", "full", "error", "clock", "power"],
  loadMs: [200, 1500],
  ailments: mixedAilments,
  collectorCount: undefined,
  graceSeconds: 2,
  clientCount: 4,
  tagCount: 0,
  leastCollections: 0,
};

/**
 * Collectors that destroy at once, several at a time, and slowly: what a rule keeps is lost soon without it. The rule is
 * all that is left: the collectors' own lock is taken away.
 */
const hostile: typeof everything = {
  ...everything,
  faults: ["kill", "dawdle"],
  loadMs: [3000, 4000],
  ailments: { ...noAilments, none: 1, dawdle: 4 },
  collectorCount: 3,
  leastCollections: 6,
  graceSeconds: 0,
  clientCount: 6,
};

async function play(options: typeof everything, program: string, goesOn: RigOptions["goesOn"]): Promise<Tally> {
  using directory = temporaryDirectory();
  const tally = await runRig({ ...options, executable: program, ledgers: join(directory.path, "ledgers"), goesOn });
  console.log(`seed ${options.seed}\n${tally.format()}`);
  return tally;
}

/** So long, and on a slow machine until enough has happened. */
function forSeconds(seconds: number, isEnough: (tally: Tally) => boolean = () => true): RigOptions["goesOn"] {
  const endMs = performance.now() + seconds * 1000;
  const lastMs = endMs + 300_000;
  return (tally) => performance.now() < endMs || (performance.now() < lastMs && !isEnough(tally));
}

describe.skipIf(!canRun)("the crash rig", () => {
  test.each([
    { disk: "tmpfs", seconds: 40 },
    { disk: "ext4", seconds: 15 },
    { disk: "ext4-slow", seconds: 15 },
    { disk: "xfs", seconds: 15 },
    { disk: "btrfs", seconds: 15 },
  ] as const)("loses nothing in $seconds seconds on $disk", async ({ disk, seconds }) => {
    const faults = disk === "tmpfs" ? everything.faults : (["power"] as const);
    const kills = (tally: Tally) => tally.of("kills of servers");
    const cuts = (tally: Tally) => (disk === "tmpfs" ? 1 : tally.of("power cuts"));
    const goesOn = forSeconds(seconds, (tally) => kills(tally) > 3 && cuts(tally) > 0);
    const tally = await play({ ...everything, disks: [disk], faults }, executable, goesOn);
    expect([tally.problems, kills(tally) > 3, cuts(tally) > 0]).toEqual([[], true, true]);
  });

  test("loses nothing, and keeps nobody waiting, beside a repository with 20,000 tags", async () => {
    const tally = await play({ ...everything, tagCount: 20_000 }, executable, forSeconds(30));
    expect(tally.problems).toEqual([]);
  });

  test("notices that a server is deaf for half a second", async () => {
    await using registry = await startRegistry({ args: plainArgs });
    const tally = new Tally();
    const problems: string[] = [];
    const watching = watch(registry, { tally, report: (problem) => problems.push(problem) });
    // The watcher's own image is the first thing that it does.
    const tag = "docker/registry/v2/repositories/bystander/app/_manifests/tags/latest/current/link";
    await waitUntil("it is watched", () => existsSync(join(registry.data, tag)));
    await freeze(registry.pid, { afterMs: 500, forMs: 500 }, () => false);
    await Bun.sleep(500);
    await registry.kill();
    await watching;
    expect([problems.length, problems.join().includes("deaf: GET /v2/")]).toEqual([1, true]);
  });

  test("loses nothing among hostile collectors, where each rule's absence does", async () => {
    expect((await play(hostile, executable, forSeconds(20))).problems).toEqual([]);
  });

  test.each(Object.entries(brokenRules))("without rule %s finds what is lost", async (_rule, replacements) => {
    using directory = temporaryDirectory();
    const broken = await buildBroken(directory.path, replacements);
    const endMs = performance.now() + 300_000;
    const goesOn = ({ problems }: Tally) => problems.length === 0 && performance.now() < endMs;
    const { problems } = await play(hostile, broken, goesOn);
    expect(problems.filter((problem) => problem.includes("lost")).length).toBeGreaterThan(0);
  });
});
