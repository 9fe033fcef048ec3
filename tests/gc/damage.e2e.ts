// Damaged blobs, as clients of the built executable meet them: bytes of a wrong size never go out as a complete
// answer, and a push heals every kind of damage, at the latest after `registry verify --repair`.
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { plainArgs } from "../crash/killed-run.ts";
import { type StartedRegistry, startRegistry } from "../e2e/executable.ts";
import { digestOf, pullImage } from "../e2e/image.ts";
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
