// Damaged blobs, as clients of the built executable meet them: bytes of a wrong size never go out as a complete
// answer, and a push heals every kind of damage, at the latest after `registry verify --repair`.
import { describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { plainArgs } from "../crash/killed-run.ts";
import { type StartedRegistry, startRegistry } from "../e2e/executable.ts";
import { digestOf, pullImage, putManifest, withDigest } from "../e2e/image.ts";
import { waitUntil } from "../e2e/program.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { findingsOf, runOn } from "./run-command.ts";
import { damages, makeSeeded, push, resized, type SeededImage } from "./seeded.ts";

/** Statuses of the ways to ask for the layer. */
async function ask(registry: StartedRegistry, { name, digest }: SeededImage) {
  const status = async (init: RequestInit) => {
    const answer = await registry.fetch(`/v2/${name}/blobs/${digest}`, init);
    await answer.bytes();
    return answer.status;
  };
  return {
    get: await status({}),
    head: await status({ method: "HEAD" }),
    range: await status({ headers: { Range: "bytes=0-9" } }),
  };
}

const missing = { get: 404, head: 404, range: 404 };
const schemes = [
  ["http", plainArgs],
  ["https", []],
] as const;

describe.each(schemes)("by %s", (_scheme, args) => {
  test.each(resized)("a blob that is %s is missing for every process, before and after a restart", async (title) => {
    using directory = temporaryDirectory();
    const data = directory.path;
    const image = makeSeeded("team/app");
    const earlier = makeSeeded("team/app");
    {
      await using first = await startRegistry({ data, args });
      // It has looked at the repository before the image came there through the other process.
      await using second = await startRegistry({ data, args });
      await push(first, earlier);
      expect(await ask(second, earlier)).toEqual({ get: 200, head: 200, range: 206 });
      await push(first, image);
      expect(await ask(second, image)).toEqual({ get: 200, head: 200, range: 206 });
      damages[title]?.(join(data, image.file));
      expect([await ask(first, image), await ask(second, image)]).toEqual([missing, missing]);
    }
    await using third = await startRegistry({ data, args });
    expect(await ask(third, image)).toEqual(missing);
    await push(third, image);
    await pullImage(third, image.name, "1");
    expect(findingsOf(await runOn(data, "verify"))).toEqual([]);
  });
});

test("each kind of damage is found and nothing else; a repair and a push make the store whole", async () => {
  using directory = temporaryDirectory();
  const data = directory.path;
  await using registry = await startRegistry({ data, args: plainArgs });
  const images = Object.keys(damages).map((title) => ({ title, image: makeSeeded(`hurt/${title.replace(" ", "-")}`) }));
  const whole = makeSeeded("whole");
  for (const { image } of [{ image: whole }, ...images]) await push(registry, image);
  expect(await runOn(data, "verify")).toMatchObject({ code: 0, summary: { lost: 0, repairable: 0, untidy: 0 } });
  for (const { title, image } of images) damages[title]?.(join(data, image.file));
  const digests = images.map(({ image }) => image.digest).toSorted();
  const found = await runOn(data, "verify");
  const subjects = found.events.flatMap(({ kind, subject }) => (kind === "finding" ? [String(subject)] : []));
  expect([found.code, subjects.toSorted()]).toEqual([2, digests]);
  expect(await runOn(data, "verify", "--repair")).toMatchObject({ code: 2, summary: { quarantined: digests.length } });
  for (const { image } of images) {
    expect(await ask(registry, image)).toEqual(missing);
    await push(registry, image);
    await pullImage(registry, image.name, "1");
  }
  expect(await runOn(data, "verify")).toMatchObject({ code: 0, summary: { lost: 0, repairable: 0, untidy: 0 } });
  await runOn(data, "gc", "--grace", "0s");
  const last = await runOn(data, "gc", "--grace", "0s");
  expect(last).toMatchObject({ code: 0, summary: { condemned: 0, restored: 0 } });
  for (const { image } of [{ image: whole }, ...images]) await pullImage(registry, image.name, "1");
});

/** Whether the blob can be mounted, and the image named again. */
async function rely(registry: StartedRegistry, image: SeededImage) {
  const from = `from=${image.name}&mount=${image.digest}`;
  const mount = await registry.fetch(`/v2/elsewhere/blobs/uploads/?${from}`, { method: "POST" });
  const manifest = await putManifest(registry, image.name, { tag: "2", config: image.config, layer: image.layer });
  return { mount: mount.status, manifest: manifest.status };
}

const served = { get: 200, head: 200, range: 206 };

test("what a check in another process finds damaged is missing at once for every server; a push heals it", async () => {
  using directory = temporaryDirectory();
  const data = directory.path;
  await using first = await startRegistry({ data, args: plainArgs });
  await using second = await startRegistry({ data, args: plainArgs });
  const image = makeSeeded("team/app");
  await push(first, image);
  expect(await ask(second, image)).toEqual(served);
  damages["bit-flipped"]?.(join(data, image.file));
  expect((await runOn(data, "verify")).code).toBe(2);
  await using third = await startRegistry({ data, args: plainArgs });
  for (const registry of [first, second, third]) {
    expect(await ask(registry, image)).toEqual(missing);
    expect(await rely(registry, image)).toEqual({ mount: 202, manifest: 404 });
  }
  await push(second, image);
  for (const registry of [first, second, third]) await pullImage(registry, image.name, "1");
  expect(await rely(first, image)).toEqual({ mount: 201, manifest: 201 });
  expect((await runOn(data, "verify")).code).toBe(0);
});

test("what the server's own check finds damaged is missing at once", async () => {
  using directory = temporaryDirectory();
  const data = join(directory.path, "data");
  const image = makeSeeded("team/app");
  {
    await using registry = await startRegistry({ data, args: plainArgs });
    await push(registry, image);
  }
  damages["bit-flipped"]?.(join(data, image.file));
  const env = { REGISTRY_VERIFY_INTERVAL: "1s", REGISTRY_VERIFY_RATE: "1GB/s" };
  await using registry = await startRegistry({ data, args: ["--http"], env });
  await waitUntil("the check tells", async () => registry.stderr().includes("its bytes hash to"));
  await waitUntil("it is noted", async () => (await ask(registry, image)).get === 404);
  expect(await ask(registry, image)).toEqual(missing);
  await push(registry, image);
  await pullImage(registry, image.name, "1");
});

test("a sha512 link that leads to other bytes is found, gives none of them out, and is healed by a push", async () => {
  using directory = temporaryDirectory();
  const data = directory.path;
  await using registry = await startRegistry({ data, args: plainArgs });
  const image = makeSeeded("team/app");
  await push(registry, image);
  const long = digestOf(image.layer, "sha512");
  const link = join(data, "docker/registry/v2/repositories", image.name, "_layers/sha512", long.slice(7), "link");
  const ask512 = () => ask(registry, { ...image, digest: long });
  mkdirSync(dirname(link), { recursive: true });
  // As registry:2 files an upload by sha512.
  writeFileSync(link, image.digest);
  expect([await ask512(), (await runOn(data, "verify")).code]).toEqual([served, 0]);
  writeFileSync(link, digestOf(image.config));
  const found = await runOn(data, "verify");
  expect([await ask512(), found.code]).toEqual([missing, 1]);
  expect(findingsOf(found)).toEqual(expect.arrayContaining([expect.stringContaining("whose bytes are not its own")]));
  const path = withDigest(`/v2/${image.name}/blobs/uploads/`, long);
  expect((await registry.fetch(path, { method: "POST", body: image.layer })).status).toBe(201);
  expect([await ask512(), (await runOn(data, "verify")).code]).toEqual([served, 0]);
});

test("a layer that was cut off before any manifest named it does not stand in the way of its image", async () => {
  using directory = temporaryDirectory();
  await using registry = await startRegistry({ data: directory.path, args: plainArgs });
  const image = makeSeeded("team/app");
  await push(registry, image);
  const manifest = await registry.fetch(`/v2/team/app/manifests/1`);
  const digest = digestOf(await manifest.bytes());
  await registry.fetch(`/v2/team/app/manifests/${digest}`, { method: "DELETE" });
  damages.truncated?.(join(directory.path, image.file));
  await using restarted = await startRegistry({ data: directory.path, args: plainArgs });
  await expect(push(restarted, image)).rejects.toThrow("not stored: 404");
  await push(restarted, image);
  await pullImage(restarted, image.name, "1");
});
