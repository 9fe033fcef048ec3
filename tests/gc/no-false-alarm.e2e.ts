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
/** On a slow machine it takes longer until checks and collections have come this often. */
const leastRuns = 3;
const clients = 3;

test.each([2, 0])(
  "beside clients and collectors with a grace of %d s there is never a finding",
  async (graceSeconds) => {
    using directory = temporaryDirectory();
    await using first = await startRegistry({ data: directory.path, args: plainArgs });
    await using second = await startRegistry({ data: directory.path, args: plainArgs });
    await pushImage(first, "kept");
    const endMs = performance.now() + busyMs;
    const mayLieInTrash = graceSeconds === 0;
    const runs = { collections: 0, checks: 0 };
    const isOver = () => performance.now() > endMs && Math.min(runs.collections, runs.checks) >= leastRuns;
    const work = Array.from({ length: clients }, (_, id) =>
      disturb(id % 2 === 0 ? first : second, id, { isOver, graceMs: graceSeconds * 1000 }),
    );
    const collect = async () => {
      for (; !isOver(); runs.collections += 1) {
        const ended = await runOn(directory.path, "gc", "--grace", `${graceSeconds}s`, "--delete-untagged");
        expect(findingsOf(ended)).toEqual([]);
      }
    };
    const verify = async () => {
      const alarms: string[] = [];
      for (; !isOver(); runs.checks += 1) {
        const ended = await runOn(directory.path, "verify");
        // Without a grace, bytes that were just linked may lie in the trash until somebody asks for them: to be repaired, not lost.
        const findings = findingsOf(ended).filter((finding) => !mayLieInTrash || !/ are in the trash$/.test(finding));
        const isClean = ended.code === 0 || (mayLieInTrash && ended.code === 1);
        alarms.push(...findings, ...(isClean ? [] : [`exit code ${ended.code} ${ended.stderr}`]));
      }
      return alarms;
    };
    const [alarms, images] = await Promise.all([verify(), Promise.all(work), collect()]);
    expect(alarms).toEqual([]);
    for (const count of images) expect(count).toBeGreaterThan(2);
    await pullImage(first, "kept");
    await runOn(directory.path, "gc");
    expect(findingsOf(await runOn(directory.path, "verify"))).toEqual([]);
    expect([first.stderr(), second.stderr()]).toEqual(["", ""]);
  },
);
