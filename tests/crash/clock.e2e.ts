// A wall clock that jumps while clients push: times say how long something stays unused, never whether it is there.
import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type StartedRegistry, startRegistry } from "../e2e/executable.ts";
import { digestOf, openUpload, sessionOf } from "../e2e/image.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { Client } from "./client.ts";
import { findBrokenInvariants } from "./directory-check.ts";
import { Expectations } from "./expectations.ts";
import { plainArgs } from "./killed-run.ts";
import { makeImage, makeIndex, pushMade } from "./made-image.ts";
import { findDifferences } from "./outcome.ts";
import { canShift, shiftedBy } from "./shifted-clock.ts";

const name = "team/app";

interface ShiftedRegistry extends AsyncDisposable {
  readonly registry: StartedRegistry;
  /** Sets the program's wall clock to the true time and this much more, such as "+2d". */
  shift(by: string): Promise<void>;
}

/** Starts a registry whose wall clock can be set; the clock of its timers and of its files stays the true one. */
async function startShifted(data: string): Promise<ShiftedRegistry> {
  const directory = temporaryDirectory();
  const file = join(directory.path, "offset");
  const env = shiftedBy(file, "+0");
  const registry = await startRegistry({ data, args: plainArgs, env });
  return {
    registry,
    shift: async (by) => {
      writeFileSync(file, by);
      const days = Math.round((Date.parse(await startUpload(registry)) - Date.now()) / 86_400_000);
      expect(`${days < 0 ? "" : "+"}${days}d`).toBe(by);
    },
    [Symbol.asyncDispose]: async () => {
      await registry[Symbol.asyncDispose]();
      directory[Symbol.dispose]();
    },
  };
}

/** When a session began, as the program wrote it down. */
async function startUpload(registry: StartedRegistry): Promise<string> {
  const id = sessionOf(await openUpload(registry, "clock"));
  return readFileSync(join(registry.data, "docker/registry/v2/repositories/clock/_uploads", id, "startedat"), "utf8");
}

describe.skipIf(!canShift)("a clock that jumps", () => {
  test.each([
    ["+2d", "+0d"],
    ["-2d", "+0d"],
    ["+2d", "-2d"],
    ["-2d", "+2d"],
  ])("by %s and then to %s in the middle of pushes loses nothing", async (there, back) => {
    using directory = temporaryDirectory();
    const data = directory.path;
    await using shifted = await startShifted(data);
    // The other process has the true time.
    await using other = await startRegistry({ data, args: plainArgs });
    const { registry, shift } = shifted;
    const seen = new Expectations();
    const client = new Client(registry, seen);
    const elsewhere = new Client(other, seen);
    const [before, image, next] = [makeImage(), makeImage(), makeImage()];

    await pushMade(client, name, { image: before, tag: "latest" });
    const location = await client.beginUpload(name, image.layer);
    await shift(there);
    await client.endUpload({ name, location, digest: digestOf(image.layer) }, image.layer);
    await client.pushBlob(name, image.config, "chunks");
    expect((await registry.fetch(`/v2/${name}/blobs/${digestOf(image.layer)}`, { method: "HEAD" })).status).toBe(200);
    await client.pushManifest(name, image.manifest, "latest");
    await shift(back);
    await pushMade(client, name, { image: next, tag: "next" });
    await elsewhere.pushManifest(name, makeIndex([image.manifest, next.manifest]), "multi");
    await elsewhere.mountBlob("team/other", name, digestOf(image.layer));
    await client.deleteManifest(name, before.manifest.digest);
    await shift(there);
    await client.deleteTag(name, "next");
    await pushMade(elsewhere, name, { image: before, tag: "again" });

    expect([
      ...(await findDifferences(registry, seen)),
      ...(await findDifferences(other, seen)),
      ...findBrokenInvariants(data),
    ]).toEqual([]);
    expect([registry.stderr(), other.stderr()]).toEqual(["", ""]);
  });
});
