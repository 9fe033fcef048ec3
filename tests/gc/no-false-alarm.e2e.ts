// `registry verify` again and again while clients push, move tags, sign, delete and mount, and while collectors with short
// graces run: nothing of that is ever a finding, and every image that is there pulls whole.
import { expect, test } from "bun:test";
import { plainArgs } from "../crash/killed-run.ts";
import { startRegistry } from "../e2e/executable.ts";
import { pullImage, pushImage } from "../e2e/image.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { disturb } from "./disturb.ts";
import { findingsOf, runOn } from "./run-command.ts";

const busyMs = 20_000;
const clients = 3;

test.each(["2s", "0s"])("beside clients and collectors with a grace of %s there is never a finding", async (grace) => {
  using directory = temporaryDirectory();
  await using first = await startRegistry({ data: directory.path, args: plainArgs });
  await using second = await startRegistry({ data: directory.path, args: plainArgs });
  await pushImage(first, "kept");
  const endMs = performance.now() + busyMs;
  const mayLieInTrash = grace === "0s";
  const isOver = () => performance.now() > endMs;
  const work = Array.from({ length: clients }, (_, id) =>
    disturb(id % 2 === 0 ? first : second, id, { isOver, isHasty: mayLieInTrash }),
  );
  const collect = async () => {
    let runs = 0;
    for (; !isOver(); runs += 1) {
      const ended = await runOn(directory.path, "gc", "--grace", grace, "--delete-untagged");
      expect(findingsOf(ended)).toEqual([]);
    }
    return runs;
  };
  const verify = async () => {
    const alarms: string[] = [];
    let runs = 0;
    for (; !isOver(); runs += 1) {
      const ended = await runOn(directory.path, "verify");
      // Without a grace, bytes that were just linked may lie in the trash until somebody asks for them: to be repaired, not lost.
      const findings = findingsOf(ended).filter((finding) => !mayLieInTrash || !/ are in the trash$/.test(finding));
      const isClean = ended.code === 0 || (mayLieInTrash && ended.code === 1);
      alarms.push(...findings, ...(isClean ? [] : [`exit code ${ended.code} ${ended.stderr}`]));
    }
    return { runs, alarms };
  };
  const [verified, collections, ...images] = await Promise.all([verify(), collect(), ...work]);
  expect(verified.alarms).toEqual([]);
  for (const count of [verified.runs, collections, ...images]) expect(count).toBeGreaterThan(2);
  await pullImage(first, "kept");
  await runOn(directory.path, "gc");
  expect(findingsOf(await runOn(directory.path, "verify"))).toEqual([]);
  expect([first.stderr(), second.stderr()]).toEqual(["", ""]);
});
