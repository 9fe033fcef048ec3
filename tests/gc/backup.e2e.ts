// A copy of the data directory, made as docs/backup.md says while clients and collectors are at work: at most links are
// missing in it, and `registry verify --repair` makes it whole.
import { describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Client } from "../crash/client.ts";
import { Expectations } from "../crash/expectations.ts";
import { plainArgs } from "../crash/killed-run.ts";
import { makeImage, pushMade } from "../crash/made-image.ts";
import { findDifferences } from "../crash/outcome.ts";
import { startRegistry } from "../e2e/executable.ts";
import { pullImage, pushImage } from "../e2e/image.ts";
import { environment, requireProgram } from "../e2e/program.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { disturb } from "./disturb.ts";
import { runOn } from "./run-command.ts";

const canCopy = requireProgram("rsync", "rsync");

/** The lines of the documentation that copy, in their order. */
const script =
  /```sh\n(set -e[^`]*)```/.exec(readFileSync(join(import.meta.dir, "../../docs/backup.md"), "utf8"))?.[1] ?? "";
const steps = script.split("\n").filter((line) => line.startsWith("copy "));

/** Runs lines of the script; what vanishes while it is copied is no failure. */
async function copy(data: string, backup: string, lines: readonly string[]): Promise<void> {
  mkdirSync(backup, { recursive: true });
  const preamble = script.split("\n").filter((line) => !line.startsWith("copy ") && !/^(from|to)=/.test(line));
  const child = Bun.spawn(["sh", "-c", [`from=${data} to=${backup}`, ...preamble, ...lines].join("\n")], {
    env: environment(),
    stdout: "ignore",
    stderr: "pipe",
  });
  const [stderr, code] = await Promise.all([child.stderr.text(), child.exited]);
  if (code !== 0) throw new Error(`the copy ended with ${code}: ${stderr}`);
}

/** Whether the copy is whole after a repair: what was lost before it, what a check says then, and every image pulls. */
async function restore(backup: string): Promise<{ readonly lost: number | undefined; readonly pulled: number }> {
  const found = await runOn(backup, "verify");
  const repaired = await runOn(backup, "verify", "--repair");
  expect([repaired.code < 2, repaired.summary.lost]).toEqual([true, 0]);
  expect((await runOn(backup, "verify")).summary).toMatchObject({ lost: 0, repairable: 0 });
  await using registry = await startRegistry({ data: backup, args: plainArgs });
  const { repositories } = (await (await registry.fetch("/v2/_catalog?n=1000")).json()) as { repositories: string[] };
  let pulled = 0;
  for (const name of repositories) {
    const { tags } = (await (await registry.fetch(`/v2/${name}/tags/list`)).json()) as { tags: string[] | null };
    for (const tag of tags ?? []) await pullImage(registry, name, tag);
    pulled += tags?.length ?? 0;
  }
  await runOn(backup, "gc");
  expect((await runOn(backup, "verify")).code).toBe(0);
  return { lost: found.summary.lost, pulled };
}

const wantedBackups = 4;

describe.skipIf(!canCopy)("a backup", () => {
  test("beside clients and collectors is whole after a repair, again and again", async () => {
    using directory = temporaryDirectory();
    const data = join(directory.path, "data");
    const graceMs = 10_000;
    const backups: string[] = [];
    const isOver = () => backups.length === wantedBackups;
    await using registry = await startRegistry({ data, args: plainArgs });
    await pushImage(registry, "kept");
    const work = [0, 1, 2].map((id) => disturb(registry, id, { isOver, graceMs }));
    const collect = async () => {
      while (!isOver()) await runOn(data, "gc", "--grace", `${graceMs}ms`, "--delete-untagged");
    };
    const back = async () => {
      for (let round = 1; !isOver(); round += 1) {
        // Until collections find something that is older than the grace.
        await Bun.sleep(graceMs / 2);
        const backup = join(directory.path, `backup-${round}`);
        const startedMs = performance.now();
        await copy(data, backup, steps);
        // The promise is for a grace that is longer than the copying takes.
        if (performance.now() - startedMs < graceMs) backups.push(backup);
        else rmSync(backup, { recursive: true });
      }
    };
    await Promise.all([...work, collect(), back()]);
    for (const backup of backups) {
      const { lost, pulled } = await restore(backup);
      expect(lost).toBe(0);
      expect(pulled).toBeGreaterThan(0);
      rmSync(backup, { recursive: true });
    }
  });

  test("has everything of what was pushed, deleted, collected and brought back between its steps", async () => {
    using directory = temporaryDirectory();
    const data = join(directory.path, "data");
    const backup = join(directory.path, "backup");
    await using registry = await startRegistry({ data, args: plainArgs });
    const seen = new Expectations();
    const client = new Client(registry, seen);
    const kept = makeImage();
    const gone = Array.from(steps, () => makeImage());
    await pushMade(client, "kept", { image: kept, tag: "1" });
    for (const [index, image] of gone.entries()) await pushMade(client, `gone-${index}`, { image, tag: "1" });
    const before = seen.copy();
    for (const [index, step] of steps.entries()) {
      await copy(data, backup, [step]);
      const image = gone[index] ?? kept;
      await pushMade(client, `new-${index}`, { image: makeImage(), tag: "1" });
      await client.deleteManifest(`gone-${index}`, image.manifest.digest);
      // Into the trash, where the grace of a day keeps it; and back again, as it is pushed once more.
      await runOn(data, "gc", "--grace", "0s");
      if (index % 2 === 0) await pushMade(client, `back-${index}`, { image, tag: "1" });
    }
    expect((await runOn(backup, "verify", "--repair")).summary.lost).toBe(0);
    await using restored = await startRegistry({ data: backup, args: plainArgs });
    expect(await findDifferences(restored, before)).toEqual([]);
  });

  test("in the other order loses what is pushed between its steps", async () => {
    using directory = temporaryDirectory();
    const data = join(directory.path, "data");
    const backup = join(directory.path, "backup");
    await using registry = await startRegistry({ data, args: plainArgs });
    await pushImage(registry, "early");
    await copy(data, backup, steps.slice(1));
    await pushImage(registry, "late");
    await copy(data, backup, steps.slice(0, 1));
    expect((await runOn(backup, "verify", "--repair")).code).toBe(2);
  });
});
