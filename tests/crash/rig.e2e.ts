// The crash rig for some minutes: nothing acknowledged is lost, whatever happens to servers, collectors and disks. And
// the rig would notice: without one of the rules of the protocol it finds losses within seconds.
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { executable, startRegistry } from "../e2e/executable.ts";
import { requireProgram, requireRoot } from "../e2e/program.ts";
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

function forSeconds(seconds: number): RigOptions["goesOn"] {
  const endMs = performance.now() + seconds * 1000;
  return () => performance.now() < endMs;
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
    const tally = await play({ ...everything, disks: [disk], faults }, executable, forSeconds(seconds));
    expect(tally.problems).toEqual([]);
    expect(tally.of("kills of servers")).toBeGreaterThan(3);
    if (disk !== "tmpfs") expect(tally.of("power cuts")).toBeGreaterThan(0);
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
    await freeze(registry.pid, { afterMs: 2000, forMs: 500 }, () => false);
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
