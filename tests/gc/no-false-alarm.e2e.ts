// `registry verify` again and again while clients push, move tags, sign, delete and mount, and while collectors with short
// graces run: nothing of that is ever a finding, and every image that is there pulls whole.
import { expect, test } from "bun:test";
import { plainArgs } from "../crash/killed-run.ts";
import { type StartedRegistry, startRegistry } from "../e2e/executable.ts";
import { digestOf, pullImage, pushImage } from "../e2e/image.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { findingsOf, runOn } from "./run-command.ts";

const busyMs = 30_000;
const clients = 3;

/** Attaches a signature to an image, and perhaps takes it away again. */
async function sign(
  registry: StartedRegistry,
  name: string,
  { bytes, isWithdrawn }: { readonly bytes: Uint8Array; readonly isWithdrawn: boolean },
): Promise<void> {
  const image = JSON.parse(new TextDecoder().decode(bytes)) as { readonly mediaType: string };
  const subject = { mediaType: image.mediaType, digest: digestOf(bytes), size: bytes.length };
  const body = JSON.stringify({ ...image, artifactType: "application/x-signature", subject });
  const path = `/v2/${name}/manifests/${digestOf(new TextEncoder().encode(body))}`;
  const put = await registry.fetch(path, { method: "PUT", headers: { "Content-Type": image.mediaType }, body });
  expect(put.status).toBe(201);
  if (isWithdrawn) expect((await registry.fetch(path, { method: "DELETE" })).status).toBe(202);
  const listed = await registry.fetch(`/v2/${name}/referrers/${subject.digest}`);
  const { manifests } = (await listed.json()) as { manifests: unknown[] };
  expect(manifests).toHaveLength(isWithdrawn ? 0 : 1);
}

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
    const bytes = await manifest.bytes();
    const { layers } = JSON.parse(new TextDecoder().decode(bytes)) as { layers: { digest: string }[] };
    await sign(registry, name, { bytes, isWithdrawn: images % 2 === 0 });
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
