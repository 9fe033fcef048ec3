// A disk that another registry has filled to the last byte, where nothing of ours was ever made: a collection makes room
// for itself, and then a server starts. What registry:2 writes is what we write, without our own directories.
import { expect, test } from "bun:test";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { plainArgs } from "../crash/killed-run.ts";
import { canShift } from "../crash/shifted-clock.ts";
import { executable, startRegistry } from "../e2e/executable.ts";
import { pullImage, pushImage } from "../e2e/image.ts";
import { run } from "../e2e/program.ts";
import { makeSmallDisk } from "../e2e/small-disk.ts";
import { findingsOf, runOn } from "./run-command.ts";

const own = ["gc", "locks", "locks.new", "proxy", "trash"];

/** A disk of another registry, with an image in each of two repositories. */
async function foreignDisk() {
  const disk = await makeSmallDisk("ext4");
  const registry = await startRegistry({ data: disk.data, args: plainArgs });
  await pushImage(registry, "kept");
  await pushImage(registry, "gone", { layerBytes: 4_000_000 });
  await registry.stop();
  for (const name of own) rmSync(join(disk.data, name), { recursive: true, force: true });
  return disk;
}

test("a collection removes blobs without a link, no more than it needs, and the server starts after it", async () => {
  await using disk = await foreignDisk();
  // As people do who know registry:2.
  rmSync(join(disk.data, "docker/registry/v2/repositories/gone"), { recursive: true });
  await disk.fill();
  const refused = await run([executable, "serve", "--data", disk.data, "--addr", "127.0.0.1:0", ...plainArgs]);
  expect(refused.stderr).toContain("the disk is full; free some space, such as with `registry gc`");
  expect((await runOn(disk.data, "gc", "--dry-run", "--grace", "0s")).code).toBe(1);
  const young = await runOn(disk.data, "gc");
  expect([young.code, young.stderr]).toEqual([1, expect.stringContaining("nothing on it may be removed")]);
  const ended = await runOn(disk.data, "gc", "--grace", "0s");
  expect(ended.code).toBe(0);
  expect(ended.stderr).toMatch(/^(warning: the disk is full: removed the blob sha256:\w+\n)+$/);
  await using registry = await startRegistry({ data: disk.data, args: plainArgs });
  await pullImage(registry, "kept");
  expect(findingsOf(await runOn(disk.data, "verify"))).toEqual([]);
});

test.if(canShift)("abandoned uploads go first, and what is damaged keeps every blob", async () => {
  await using disk = await foreignDisk();
  const repositories = join(disk.data, "docker/registry/v2/repositories");
  const upload = join(repositories, "kept/_uploads/6f2b4a0e-0000-4000-8000-000000000000/data");
  const loose = join(disk.data, `docker/registry/v2/blobs/sha256/00/${"0".repeat(64)}/data`);
  for (const path of [upload, loose]) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, new Uint8Array(3_000_000));
  }
  rmSync(join(repositories, "gone/_manifests/revisions"), { recursive: true });
  await disk.fill();
  const young = await runOn(disk.data, "gc", "--grace", "0s");
  expect([young.code, young.stderr]).toEqual([1, expect.stringContaining("no blob may be removed because of this")]);
  expect([existsSync(upload), existsSync(loose)]).toEqual([true, true]);
  const ended = await run(["faketime", "-f", "+30d", executable, "gc", "--data", disk.data]);
  expect(ended.stderr).toMatch(/^warning: the disk is full: removed the upload \S+ of kept\nfinding: /);
  expect(existsSync(upload)).toBe(false);
});
