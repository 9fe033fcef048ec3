// The commands of a store on disks that are full, read-only or spread, and on directories that are something else.
import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { plainArgs } from "../crash/killed-run.ts";
import { executable, startRegistry } from "../e2e/executable.ts";
import { pullImage, pushImage } from "../e2e/image.ts";
import { run } from "../e2e/program.ts";
import { makeSmallDisk } from "../e2e/small-disk.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { findingsOf, runOn } from "./run-command.ts";

const atOnce = ["gc", "--grace", "0s", "--delete-untagged"] as const;

describe.each(["ext4", "tmpfs"] as const)("a disk of %s", (kind) => {
  test("that is full is cleaned beside the server, and takes pushes again", async () => {
    await using disk = await makeSmallDisk(kind);
    await using registry = await startRegistry({ data: disk.data, args: plainArgs });
    await pushImage(registry, "kept");
    await pushImage(registry, "gone", { layerBytes: 8_000_000 });
    expect((await registry.fetch("/v2/gone/manifests/latest", { method: "DELETE" })).status).toBe(202);
    await disk.fill();
    await expect(pushImage(registry, "late")).rejects.toThrow();
    expect(await runOn(disk.data, ...atOnce)).toMatchObject({ code: 0, stderr: "" });
    expect(await runOn(disk.data, ...atOnce)).toMatchObject({ code: 0, stderr: "" });
    await pushImage(registry, "late");
    for (const name of ["kept", "late"]) await pullImage(registry, name);
    expect(findingsOf(await runOn(disk.data, "verify"))).toEqual([]);
  });

  test("that is read-only is checked and judged; what would write says so in one line", async () => {
    await using disk = await makeSmallDisk(kind);
    {
      await using registry = await startRegistry({ data: disk.data, args: plainArgs });
      await pushImage(registry, "kept");
      await registry.stop();
    }
    await disk.remount("ro");
    expect(await runOn(disk.data, "verify")).toMatchObject({ code: 0, summary: { lost: 0 } });
    expect(await runOn(disk.data, "gc", "--dry-run")).toMatchObject({ code: 0, summary: { marked: 3 } });
    const refused = await runOn(disk.data, "gc");
    expect([refused.code, refused.stderr.trimEnd().split("\n").length]).toEqual([1, 2]);
    expect(refused.stderr).toMatch(/^warning: .* is read-only: .*\nregistry gc: EROFS: .*the disk is read-only/);
  });
});

test("a repository that was moved to another place and linked holds its blobs; one whose place is gone protects all", async () => {
  using directory = temporaryDirectory();
  const data = directory.path;
  await using registry = await startRegistry({ data, args: plainArgs });
  await pushImage(registry, "team/app");
  const elsewhere = join(data, "elsewhere");
  const place = join(data, "docker/registry/v2/repositories/team");
  renameSync(place, elsewhere);
  symlinkSync(elsewhere, place);
  for (const _run of [1, 2]) expect(await runOn(data, ...atOnce)).toMatchObject({ code: 0, summary: { condemned: 0 } });
  await pullImage(registry, "team/app");
  expect(await (await registry.fetch("/v2/_catalog")).json()).toEqual({ repositories: ["team/app"] });
  renameSync(elsewhere, join(data, "unmounted"));
  for (const _run of [1, 2]) {
    const ended = await runOn(data, ...atOnce);
    expect(ended).toMatchObject({ code: 1, summary: { condemned: 0, purged: 0 } });
    expect(findingsOf(ended)[0]).toContain("a symbolic link to something that is not there");
    expect(ended.stderr).toBe("");
  }
  const found = await runOn(data, "verify");
  expect(found).toMatchObject({ code: 2, stderr: "", summary: { lost: 1, blobs: 3 } });
  expect(findingsOf(found)[0]).toContain("a symbolic link to something that is not there");
  renameSync(join(data, "unmounted"), elsewhere);
  await pullImage(registry, "team/app");
});

test.each(["gc", "verify"])("%s leaves a directory alone that is not a registry's", async (command) => {
  using directory = temporaryDirectory();
  mkdirSync(join(directory.path, "photos"));
  writeFileSync(join(directory.path, "letter"), "");
  const ended = await run([executable, command, "--data", directory.path]);
  expect(ended.code).toBe(1);
  expect(ended.stderr).toContain(`there is no registry at ${directory.path}`);
  expect(readdirSync(directory.path).toSorted()).toEqual(["letter", "photos"]);
});
