// A data directory that goes while it is served: moved away, or its disk unmounted.
import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, renameSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "../temporary-directory.ts";
import { type StartedRegistry, startRegistry } from "./executable.ts";
import { digestOf, openUpload, postBlob, pullImage, pushImage, withDigest } from "./image.ts";
import { must, requireRoot, waitUntil } from "./program.ts";
import { unmount } from "./unmount.ts";

interface Served extends AsyncDisposable {
  readonly data: string;
  /** Takes it away; what is left in its place has nothing in it. */
  takeAway(): Promise<void>;
  bringBack(): Promise<void>;
}

async function movedDirectory(): Promise<Served> {
  const directory = temporaryDirectory();
  const [data, away] = [join(directory.path, "data"), join(directory.path, "away")];
  mkdirSync(data);
  return {
    data,
    takeAway: async () => {
      renameSync(data, away);
      mkdirSync(data);
    },
    bringBack: async () => {
      rmdirSync(data);
      renameSync(away, data);
    },
    [Symbol.asyncDispose]: async () => directory[Symbol.dispose](),
  };
}

async function unmountedDisk(filesystem: string): Promise<Served> {
  const directory = temporaryDirectory();
  const [data, image] = [join(directory.path, "data"), join(directory.path, "image")];
  mkdirSync(data);
  await must(["truncate", "--size", "400M", image]);
  await must([`mkfs.${filesystem}`, "-q", image]);
  const device = (await must(["losetup", "--find", "--show", image])).trim();
  const mount = () => must(["mount", device, data]).then(() => undefined);
  await mount();
  return {
    data,
    takeAway: () => must(["umount", "--lazy", data]).then(() => undefined),
    bringBack: mount,
    [Symbol.asyncDispose]: async () => {
      await unmount(data);
      await must(["losetup", "--detach", device]);
      directory[Symbol.dispose]();
    },
  };
}

describe.skipIf(!requireRoot()).each([
  ["moved away", movedDirectory],
  ["on an ext4 that is unmounted", () => unmountedDisk("ext4")],
  ["on an xfs that is unmounted", () => unmountedDisk("xfs")],
] as const)("a data directory %s", (_, open) => {
  test("answers 503 at once, gets nothing in its place, and is served again when it is back", async () => {
    await using served = await open();
    await using registry = await startRegistry({ args: ["--http"], data: served.data });
    await pushImage(registry, "kept");
    const content = new TextEncoder().encode("some bytes");
    const location = await openUpload(registry, "late");
    await registry.fetch(location, { method: "PATCH", body: content });
    await served.takeAway();
    const startedMs = performance.now();
    // A look counts for a millisecond; on a disk that is slow at that moment, until the one that this begins is done.
    await waitUntil("the directory is missed", async () => (await registry.fetch("/v2/")).status === 503);
    expect(await statusesOf(registry, { location, content })).toEqual([503, 503, 503, 503, 503, 503]);
    expect(performance.now() - startedMs).toBeLessThan(3000);
    expect(readdirSync(served.data)).toEqual([]);
    await served.bringBack();
    expect((await registry.fetch("/v2/")).status).toBe(200);
    await pullImage(registry, "kept");
    await pushImage(registry, "late");
    await pullImage(registry, "late");
    expect((await registry.fetch(withDigest(location, digestOf(content)), { method: "PUT" })).status).toBe(201);
    expect(await registry.stop()).toBe(0);
  });
});

/** What is asked while the directory is gone. */
async function statusesOf(
  registry: StartedRegistry,
  { location, content }: { readonly location: string; readonly content: Uint8Array<ArrayBuffer> },
): Promise<readonly number[]> {
  const answers = [
    await registry.fetch("/v2/"),
    await registry.fetch("/v2/_catalog"),
    await registry.fetch("/v2/kept/manifests/latest"),
    await postBlob(registry, "late", content),
    await registry.fetch(withDigest(location, digestOf(content)), { method: "PUT" }),
    await registry.fetch("/v2/kept/manifests/latest", { method: "DELETE" }),
  ];
  return answers.map(({ status }) => status);
}
