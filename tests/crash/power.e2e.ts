// Power that fails at any call of a push or a delete: what was acknowledged is on the disk, and nothing is between.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { startRegistry } from "../e2e/executable.ts";
import { requireProgram, requireRoot } from "../e2e/program.ts";
import { makeSmallDisk, type SmallDisk } from "../e2e/small-disk.ts";
import { Client, WrongAnswer } from "./client.ts";
import { findBrokenInvariants } from "./directory-check.ts";
import { Expectations } from "./expectations.ts";
import { lookAfterRestart, plainArgs, prepare, type RunOutcome, shorten } from "./killed-run.ts";
import { findDifferences } from "./outcome.ts";
import { durableKinds, makeDiskImage, makeImagePlace, mountCopy, type PowerDisk } from "./power-disk.ts";
import { type Scenario, scenarios } from "./scenarios.ts";
import { stepThrough } from "./stepper.ts";

const canCut = [
  requireRoot(),
  requireProgram("strace", "strace"),
  requireProgram("xfs_io", "xfsprogs"),
  requireProgram("mkfs.ext4", "e2fsprogs"),
  requireProgram("mkfs.btrfs", "btrfs-progs"),
].every(Boolean);

const cases = (["ext4", "xfs"] as const).flatMap((kind) =>
  scenarios.filter(({ also }) => also.includes("power")).map((scenario) => ({ kind, title: scenario.title, scenario })),
);

describe.skipIf(!canCut)("power cut at each call", () => {
  let memory: SmallDisk;
  let cuts = 0;
  beforeAll(async () => {
    memory = await makeSmallDisk("tmpfs", 512);
  });
  afterAll(async () => {
    await memory[Symbol.asyncDispose]();
    console.log(`${cuts} power cuts`);
  });

  test.each(cases)("on $kind: $title", async ({ kind, title, scenario }) => {
    const image = join(memory.data, "image");
    let seen = new Expectations();
    await makeDiskImage(kind, image, async (data) => {
      ({ seen } = await prepare(scenario, data));
    });
    const problems: string[] = [];
    let number = 0;
    for (let call: string | undefined = ""; call !== undefined; ) {
      number += 1;
      await using disk = await mountCopy(kind, image);
      const run = await cutAt(scenario, { disk, seen: seen.copy(), number });
      ({ call } = run);
      problems.push(...run.problems);
      cuts += 1;
    }
    console.log(kind, title, number);
    expect(problems).toEqual([]);
    expect(number).toBeGreaterThan(12);
  });

  test.each(durableKinds)("on %s: the cut bites; what is not synced is lost", async (kind) => {
    const scenario = scenarios[0];
    if (scenario === undefined) throw new Error("no scenario");
    await using place = await makeImagePlace(kind, 1000);
    const image = join(place.path, "image");
    await makeDiskImage(kind, image, async (data) => void (await prepare(scenario, data)));
    await using disk = await mountCopy(kind, image);
    const seen = new Expectations();
    {
      const env = { REGISTRY_STORAGE_FILESYSTEM_DURABLE: "false" };
      await using registry = await startRegistry({ data: disk.data, args: plainArgs, env });
      await scenario.act(new Client(registry, seen));
      await disk.cut();
    }
    await disk.mountAgain();
    await using restarted = await startRegistry({ data: disk.data, args: plainArgs });
    expect(await findDifferences(restarted, seen)).not.toEqual([]);
    await restarted.stop();
  });
});

/** One run: the power fails after the n-th change of the disk; then everything is started again and looked at. */
async function cutAt(
  scenario: Scenario,
  { disk, seen, number }: { readonly disk: PowerDisk; readonly seen: Expectations; readonly number: number },
): Promise<RunOutcome> {
  const problems: string[] = [];
  const { data } = disk;
  let call: string | undefined;
  {
    await using registry = await startRegistry({ data, args: plainArgs });
    await using stepper = await stepThrough(registry.pid);
    let changes = 0;
    const act = scenario.act(new Client(registry, seen)).catch((error: unknown) => {
      if (error instanceof WrongAnswer) problems.push(error.message);
    });
    call = await stepper.stopAfter((text) => text.includes(data) && ++changes === number, act);
    await disk.cut();
    await registry.kill();
    await act;
  }
  await disk.mountAgain();
  problems.push(...findBrokenInvariants(data));
  problems.push(...(await lookAfterRestart(scenario, { data, seen, mayVanish: true })));
  return { call, problems: problems.map((problem) => `${shorten(call, data)}: ${problem}`) };
}
