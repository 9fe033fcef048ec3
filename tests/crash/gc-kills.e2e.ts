// A collector that is killed at any of its calls that change the disk loses nothing, and the next run carries on. A disk
// that is full is freed by a collection.
import { describe, expect, test } from "bun:test";
import { cpSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { executable, startRegistry } from "../e2e/executable.ts";
import { environment, requireProgram, requireRoot, run } from "../e2e/program.ts";
import { makeSmallDisk } from "../e2e/small-disk.ts";
import { Client } from "./client.ts";
import { collect, removeCollectorsLock } from "./collector.ts";
import { findBrokenInvariants } from "./directory-check.ts";
import { Expectations } from "./expectations.ts";
import { plainArgs } from "./killed-run.ts";
import { type MadeImage, makeBytes, makeImage, makeIndex, pushMade } from "./made-image.ts";
import { findDifferences } from "./outcome.ts";
import { changingCalls } from "./stepper.ts";

const canTrace = [requireRoot(), requireProgram("strace", "strace")].every(Boolean);

/** What stays, and beside it one of everything that a collector takes away. */
async function litter(data: string): Promise<Expectations> {
  const seen = new Expectations();
  await using registry = await startRegistry({ data, args: plainArgs });
  const kept = new Client(registry, seen);
  const child = makeImage();
  const index = makeIndex([child.manifest]);
  await pushMade(kept, "kept/app", { image: child });
  await kept.pushManifest("kept/app", index, "multi");
  await pushMade(kept, "kept/app", { image: makeImage({ subject: index }) });
  const rest = new Client(registry, new Expectations());
  const [untagged, purged, gone] = [makeImage(), makeImage(), makeImage()] as const;
  await deletePushed(rest, "kept/app", purged);
  // The first run throws its blobs into the trash, so that a later one has something to destroy.
  await collect(data);
  await pushMade(rest, "kept/app", { image: untagged });
  await pushMade(rest, "kept/app", { image: makeImage({ subject: untagged.manifest }) });
  await rest.pushBlob("kept/app", makeBytes(500));
  await pushMade(rest, "gone/app", { image: gone });
  await registry.stop();
  return seen;
}

async function deletePushed(client: Client, name: string, image: MadeImage): Promise<void> {
  await pushMade(client, name, { image, tag: "old" });
  await client.deleteManifest(name, image.manifest.digest);
}

/** Runs a collector that is killed on the way into the n-th of its changing calls; false when it came to its end. */
async function killAtCall(data: string, number: number): Promise<boolean> {
  const inject = `--inject=${changingCalls}:signal=KILL:when=${number}`;
  const strace = ["strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", `trace=${changingCalls}`, inject];
  const child = Bun.spawn([...strace, executable, "gc", "--data", data, "--grace", "0s", "--delete-untagged"], {
    env: environment(),
    stdin: "ignore",
    stdout: "ignore",
    stderr: "ignore",
  });
  await child.exited;
  return child.signalCode === "SIGKILL";
}

/**
 * Files below the places where links, blobs and thrown away blobs lie. Entries of referrers are left out: one whose
 * revision is gone is shown to nobody. So are the times of pulls, which the look for what is lost leaves.
 */
function describeTree(data: string): readonly string[] {
  return ["docker/registry/v2", "trash/blobs"].flatMap((place) =>
    readdirSync(join(data, place), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name !== "pulled" && !entry.parentPath.includes("/_referrers/"))
      .map((entry) => join(entry.parentPath, entry.name).slice(data.length + 1))
      .sort(),
  );
}

describe.skipIf(!canTrace)("a collector", () => {
  test("killed at each of its calls loses nothing, and the next ones come to the same end", async () => {
    await using disk = await makeSmallDisk("tmpfs");
    const [template, data] = [join(disk.data, "template"), join(disk.data, "run")];
    const seen = await litter(template);
    const problems: string[] = [];
    const finish = async () => {
      const runs = [];
      for (let run = 0; run < 2; run += 1) runs.push(await collect(data, { deletesUntagged: true }));
      return runs.map(({ code }) => code);
    };
    copyState(template, data);
    await finish();
    const wanted = describeTree(data);
    let kills = 0;
    for (let number = 1; ; number += 1) {
      copyState(template, data);
      if (!(await killAtCall(data, number))) break;
      kills += 1;
      const at = (problem: string) => `call ${number}: ${problem}`;
      problems.push(...findBrokenInvariants(data).map(at));
      if (number % 5 === 0) problems.push(...(await findLost(data, seen)).map(at));
      const codes = await finish();
      if (codes.join() !== "0,0") problems.push(at(`collections end with ${codes}`));
      const { code, stdout } = await run([executable, "verify", "--data", data]);
      if (code !== 0) problems.push(at(`verify: ${stdout}`));
      if (describeTree(data).join("\n") !== wanted.join("\n"))
        problems.push(at(`not as wanted: ${describeTree(data)}`));
    }
    console.log(`${kills} kills`);
    expect(problems).toEqual([]);
    expect(kills).toBeGreaterThan(25);
  }, 300_000);

  test("frees a disk that is full, beside the server that could write nothing any more", async () => {
    await using disk = await makeSmallDisk("ext4");
    await using registry = await startRegistry({ data: disk.data, args: plainArgs });
    const seen = new Expectations();
    const client = new Client(registry, seen);
    const image = makeImage();
    await pushMade(client, "app", { image, tag: "kept" });
    await deletePushed(new Client(registry, new Expectations()), "app", makeImage({ layerBytes: 8_000_000 }));
    await disk.fill();
    const post = () => registry.fetch("/v2/app/blobs/uploads/", { method: "POST" });
    expect((await post()).status).toBe(507);
    expect(await collect(disk.data)).toMatchObject({ code: 0, summary: { trashed: 3 } });
    expect(await collect(disk.data)).toMatchObject({ code: 0, summary: { purged: 3 } });
    expect((await post()).status).toBe(202);
    await pushMade(client, "app", { image: makeImage({ layerBytes: 4_000_000 }), tag: "new" });
    expect(await findDifferences(registry, seen)).toEqual([]);
    await registry.stop();
  });
});

async function findLost(data: string, seen: Expectations): Promise<readonly string[]> {
  await using registry = await startRegistry({ data, args: plainArgs });
  return await findDifferences(registry, seen);
}

/** Makes the directory as the template is; the locks and the many empty directories of the trash are the same in both. */
function copyState(template: string, data: string): void {
  rmSync(join(data, "docker"), { recursive: true, force: true });
  for (const entry of describeTrash(data)) rmSync(entry);
  cpSync(template, data, { recursive: true, preserveTimestamps: true });
  removeCollectorsLock(data);
}

function describeTrash(data: string): readonly string[] {
  try {
    return readdirSync(join(data, "trash"), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  } catch {
    return [];
  }
}
