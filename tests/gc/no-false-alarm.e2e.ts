// `registry verify` again and again while clients push, move tags, delete and mount, and while collectors with short
// graces run: nothing of that is ever a finding, and every image that is there pulls whole.
import { expect, test } from "bun:test";
import { plainArgs } from "../crash/killed-run.ts";
import { type StartedRegistry, startRegistry } from "../e2e/executable.ts";
import { pullImage, pushImage } from "../e2e/image.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { findingsOf, runOn } from "./run-command.ts";

const busyMs = 30_000;
const clients = 3;

/** One client's life in a repository of its own and in one that all share. */
async function disturb(registry: StartedRegistry, id: number, isOver: () => boolean): Promise<number> {
  let images = 0;
  for (; !isOver(); images += 1) {
    const name = `team/app-${id}`;
    const tag = `t${images % 3}`;
    await pushImage(registry, name, { tag, layerBytes: 20_000 });
    await pullImage(registry, name, tag);
    await pushImage(registry, "team/shared", { tag: `by-${id}`, layerBytes: 10_000 });
    const manifest = await registry.fetch(`/v2/${name}/manifests/${tag}`);
    const digest = manifest.headers.get("docker-content-digest") ?? "";
    const { layers } = (await manifest.json()) as { layers: { digest: string }[] };
    for (const layer of layers) {
      const query = `mount=${encodeURIComponent(layer.digest)}&from=${name}`;
      await registry.fetch(`/v2/team/mounted-${id}/blobs/uploads/?${query}`, { method: "POST" });
    }
    const victim = images % 4 === 3 ? digest : tag;
    const deleted = await registry.fetch(`/v2/${name}/manifests/${victim}`, { method: "DELETE" });
    expect([202, 404]).toContain(deleted.status);
  }
  return images;
}

test("beside clients and collectors there is never a finding", async () => {
  using directory = temporaryDirectory();
  await using first = await startRegistry({ data: directory.path, args: plainArgs });
  await using second = await startRegistry({ data: directory.path, args: plainArgs });
  await pushImage(first, "kept");
  const endMs = performance.now() + busyMs;
  const isOver = () => performance.now() > endMs;
  const work = Array.from({ length: clients }, (_, id) => disturb(id % 2 === 0 ? first : second, id, isOver));
  const collect = async () => {
    let runs = 0;
    for (; !isOver(); runs += 1) {
      const ended = await runOn(directory.path, "gc", "--grace", "2s", "--delete-untagged");
      expect(findingsOf(ended)).toEqual([]);
    }
    return runs;
  };
  const verify = async () => {
    const alarms: string[] = [];
    let runs = 0;
    for (; !isOver(); runs += 1) {
      const ended = await runOn(directory.path, "verify");
      alarms.push(...findingsOf(ended), ...(ended.code === 0 ? [] : [`exit code ${ended.code} ${ended.stderr}`]));
    }
    return { runs, alarms };
  };
  const [verified, collections, ...images] = await Promise.all([verify(), collect(), ...work]);
  expect(verified.alarms).toEqual([]);
  for (const count of [verified.runs, collections, ...images]) expect(count).toBeGreaterThan(2);
  await pullImage(first, "kept");
  expect(findingsOf(await runOn(directory.path, "verify"))).toEqual([]);
  expect([first.stderr(), second.stderr()]).toEqual(["", ""]);
});
