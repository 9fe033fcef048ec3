// A store of which parts cannot be renamed: in a lower layer of an overlay, as in a container whose image holds data, or
// behind a symbolic link to another disk.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cpSync, mkdirSync, readdirSync, renameSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "../temporary-directory.ts";
import { executable, type StartedRegistry, startRegistry } from "./executable.ts";
import { pullImage, pushImage } from "./image.ts";
import { must, requireRoot, run } from "./program.ts";
import { unmount } from "./unmount.ts";

const manifestTypes = { Accept: "application/vnd.oci.image.manifest.v1+json" };
const v2 = "docker/registry/v2";

interface Place extends AsyncDisposable {
  readonly data: string;
}

/** A store with images, all of it in the lower layer of an overlay, whose upper one is on another filesystem. */
async function openOverlay(): Promise<Place> {
  const directory = temporaryDirectory();
  const at = (name: string) => join(directory.path, name);
  for (const name of ["lower", "disk", "merged"]) mkdirSync(at(name));
  await fillStore(at("lower"));
  await must(["mount", "-t", "tmpfs", "tmpfs", at("disk")]);
  for (const name of ["disk/upper", "disk/work"]) mkdirSync(at(name));
  const layers = `lowerdir=${at("lower")},upperdir=${at("disk/upper")},workdir=${at("disk/work")}`;
  await must(["mount", "-t", "overlay", "overlay", "-o", layers, at("merged")]);
  return {
    data: at("merged"),
    [Symbol.asyncDispose]: async () => {
      for (const point of ["merged", "disk"]) await unmount(at(point));
      directory[Symbol.dispose]();
    },
  };
}

/** A store of which one part lies on another disk, with a link to it in its place. */
async function openLinked(part: string): Promise<Place> {
  const directory = temporaryDirectory();
  const data = join(directory.path, "data");
  const disk = join(directory.path, "disk");
  mkdirSync(disk);
  await must(["mount", "-t", "tmpfs", "tmpfs", disk]);
  await fillStore(data);
  cpSync(join(data, part), join(disk, "part"), { recursive: true });
  renameSync(join(data, part), join(directory.path, "before"));
  symlinkSync(join(disk, "part"), join(data, part));
  return {
    data,
    [Symbol.asyncDispose]: async () => {
      await unmount(disk);
      directory[Symbol.dispose]();
    },
  };
}

async function fillStore(data: string): Promise<void> {
  await using registry = await startRegistry({ args: ["--http"], data });
  for (const tag of ["one", "two", "three"]) await pushImage(registry, "team/app", { tag });
  expect(await registry.stop()).toBe(0);
}

async function remove(registry: StartedRegistry, path: string): Promise<readonly number[]> {
  const statuses = [];
  for (const method of ["DELETE", "GET"]) {
    statuses.push((await registry.fetch(path, { method, headers: manifestTypes })).status);
  }
  return statuses;
}

describe.skipIf(!requireRoot()).each([
  ["all in a lower layer of an overlay", openOverlay],
  ["with a repository on another disk", () => openLinked(`${v2}/repositories/team`)],
] as const)("a store %s", (_, open) => {
  let place: Place;
  let registry: StartedRegistry;
  beforeAll(async () => {
    place = await open();
    registry = await startRegistry({ args: ["--http"], data: place.data });
  });
  afterAll(async () => {
    await registry[Symbol.asyncDispose]();
    await place[Symbol.asyncDispose]();
  });

  test("takes pushes, and pushes again of what is there", async () => {
    for (const tag of ["four", "three"]) {
      await pushImage(registry, "team/app", { tag, layerBytes: 3_000_000 });
      await pullImage(registry, "team/app", tag);
    }
  });

  test("deletes tags, manifests and blobs, and they stay deleted after a kill", async () => {
    const manifest = await registry.fetch("/v2/team/app/manifests/two", { headers: manifestTypes });
    const { layers } = (await manifest.json()) as { layers: { digest: string }[] };
    const paths = [
      "/v2/team/app/manifests/one",
      `/v2/team/app/manifests/${manifest.headers.get("docker-content-digest")}`,
      `/v2/team/app/blobs/${layers[0]?.digest}`,
    ];
    for (const path of paths) expect([path, ...(await remove(registry, path))]).toEqual([path, 202, 404]);
    await registry.kill();
    registry = await startRegistry({ args: ["--http"], data: place.data });
    const { tags } = (await (await registry.fetch("/v2/team/app/tags/list")).json()) as { tags: string[] };
    expect(tags).toEqual(["four", "three"]);
    for (const tag of tags) await pullImage(registry, "team/app", tag);
  });

  test("is collected, and found whole", async () => {
    const before = countBlobs(place.data);
    const gc = await run([executable, "gc", "--delete-untagged", "--grace", "0s", "--data", place.data]);
    const again = await run([executable, "gc", "--delete-untagged", "--grace", "0s", "--data", place.data]);
    expect([gc.code, again.code, countBlobs(place.data) < before]).toEqual([0, 0, true]);
    for (const tag of ["four", "three"]) await pullImage(registry, "team/app", tag);
    const verify = await run([executable, "verify", "--data", place.data]);
    expect([verify.code, verify.stderr]).toEqual([0, ""]);
  });
});

test.skipIf(!requireRoot()).each([v2, `${v2}/blobs`, `${v2}/blobs/sha256`, `${v2}/repositories`])(
  "a store with %s on another disk does not start, and says why",
  async (part) => {
    await using place = await openLinked(part);
    const { code, stderr } = await run([executable, "serve", "--data", place.data, "--addr", "127.0.0.1:0"]);
    expect([code, stderr]).toEqual([1, expect.stringContaining("are on different devices; mount the data directory")]);
  },
);

function countBlobs(data: string): number {
  const directory = join(data, v2, "blobs/sha256");
  return readdirSync(directory).flatMap((stripe) => readdirSync(join(directory, stripe))).length;
}
