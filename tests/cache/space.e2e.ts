// What the cache keeps: until it was not used for long, while there is room, and never more than the disk can bear.
import { describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { StartedRegistry } from "../e2e/executable.ts";
import { postBlob } from "../e2e/image.ts";
import { requireRoot, waitUntil } from "../e2e/program.ts";
import { type DiskKind, makeSmallDisk } from "../e2e/small-disk.ts";
import { digestOf, type MisbehavingUpstream, startUpstream } from "../proxy/misbehaving-upstream.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import {
  addImage,
  isLinked,
  isStored,
  logged,
  metricsAt,
  pull,
  pullImage,
  startCache,
  trashedBlobs,
} from "./caches.ts";

const megabyte = 1_000_000;
const randomMegabytes = (count: number) => new Uint8Array(randomBytes(count * megabyte));
/** The answer's status and whether upstream could not say anything. */
const ask = async (cache: StartedRegistry, path: string) => (await cache.fetch(`/v2/${path}`)).status;

describe.skipIf(!requireRoot())("with little room on the disk", () => {
  test.each<DiskKind>(["tmpfs", "ext4"])("(%s) nothing more is cached, and everything is served", async (kind) => {
    await using disk = await makeSmallDisk(kind, 64);
    await using upstream = await startUpstream();
    const metrics = metricsAt();
    await using cache = await startCache(upstream, { data: disk.data, env: metrics.env });
    const early = addImage(upstream, { name: "team/early", layers: [randomMegabytes(4)] });
    const kept = await pullImage(cache, "team/early");
    const late = addImage(upstream, { name: "team/late", layers: [randomMegabytes(4), randomMegabytes(80)] });
    await disk.fill();

    const passed = await pullImage(cache, "team/late");
    expect(await pullImage(cache, "team/late")).toEqual(passed);
    expect(await pullImage(cache, "team/early")).toEqual(kept);
    expect(await pullImage(cache, "team/early", early)).toEqual(kept);
    expect([...passed.map((digest) => isStored(cache, digest)), isStored(cache, late)]).toEqual(
      passed.map(() => false).concat(false),
    );
    expect(logged(cache, "not cached").some((line) => line.includes("the disk is nearly full"))).toBe(true);
    expect(await metrics.read()).toMatch(/^registry_proxy_uncached_total [1-9]/m);
    const [, , large = ""] = passed;
    const part = await cache.fetch(`/v2/team/late/blobs/${large}`, { headers: { Range: "bytes=79999990-" } });
    expect([part.status, (await part.bytes()).length]).toEqual([206, 10]);

    disk.free();
    await pullImage(cache, "team/late").catch(() => undefined);
    expect([isStored(cache, passed[1] ?? ""), isStored(cache, large), disk.temporaryFiles()]).toEqual([
      true,
      false,
      [],
    ]);
    upstream.behave((_request, response) => {
      response.destroy();
      return true;
    });
    expect(await pull(cache, passed[1] ?? "", "team/late")).toBe(passed[1] ?? "");
  });

  test("a disk that fills during a transfer costs the clients nothing", async () => {
    await using disk = await makeSmallDisk("tmpfs", 48);
    await using upstream = await startUpstream();
    await using cache = await startCache(upstream, { data: disk.data });
    // Nobody says how large they are before they come, so they are begun.
    const digests = [40, 41, 42].map((count) => upstream.addBlob(randomMegabytes(count)));
    expect(await Promise.all(digests.map((digest) => pull(cache, digest)))).toEqual(digests);
    expect(readdirSync(join(disk.data, "proxy")).filter((name) => name.startsWith("sha256"))).toEqual([]);
    expect(await pull(cache, digests[0] ?? "")).toBe(digests[0] ?? "");
  });

  const terabyte = 1024 ** 4;
  test.each<[string, Record<string, string>]>([
    ["in chunks without end", {}],
    ["of an announced terabyte", { "Content-Length": String(terabyte) }],
  ])("a blob %s leaves it to pushes, while a client that rests has it open", async (_how, headers) => {
    await using disk = await makeSmallDisk("tmpfs", 64);
    await using upstream = await startUpstream();
    await using cache = await startCache(upstream, { data: disk.data, env: { REGISTRY_PROXY_LOCAL: '["own/**"]' } });
    const piece = randomMegabytes(1);
    upstream.behave(({ method }, response) => {
      response.writeHead(200, headers);
      const more = () => {
        while (!response.destroyed && response.write(piece));
      };
      if (method === "HEAD") response.end();
      else {
        response.on("drain", more);
        more();
      }
      return true;
    });
    const aborting = new AbortController();
    const pulling = await cache.fetch(`/v2/team/app/blobs/${digestOf("what never ends")}`, { signal: aborting.signal });
    const reader = pulling.body?.getReader();
    const first = await reader?.read();
    await waitUntil("it is not kept", () => logged(cache, "not cached").length > 0);
    const pushed = await postBlob(cache, "own/app", randomMegabytes(50));
    const next = await reader?.read();
    expect([pulling.status, first?.done, pushed.status, next?.done]).toEqual([200, false, 201, false]);
    expect(readdirSync(join(disk.data, "proxy")).filter((name) => name.startsWith("sha256"))).toEqual([]);
    aborting.abort();
  });
});

describe("ttl", () => {
  test("counts from the last use, also without the switch for deletes", async () => {
    await using upstream = await startUpstream();
    const env = { REGISTRY_PROXY_TTL: "8s", REGISTRY_STORAGE_DELETE_ENABLED: "false" };
    await using cache = await startCache(upstream, { env });
    const usedManifest = addImage(upstream, { name: "team/used", layers: [randomMegabytes(1)] });
    const idleManifest = addImage(upstream, { name: "team/idle", layers: [randomMegabytes(1)] });
    const used = await pullImage(cache, "team/used");
    const idle = await pullImage(cache, "team/idle");
    const before = upstream.requests.filter(({ method }) => method === "GET").length;
    // Used again and again, it outlives the other one by far.
    const startedMs = performance.now();
    await waitUntil("what is idle is gone, and what is used is older than it may be", async () => {
      await pullImage(cache, "team/used", usedManifest);
      const isIdleGone = [idleManifest, ...idle].every((digest) => !isStored(cache, digest));
      return isIdleGone && trashedBlobs(cache) === 0 && performance.now() - startedMs > 16_000;
    });
    expect([usedManifest, ...used].map((digest) => isStored(cache, digest))).toEqual([true, true, true]);
    expect(upstream.requests.filter(({ method }) => method === "GET").length).toBe(before);
  });
});

describe("maxsize", () => {
  /** Short times, so that what was used a moment ago may go. */
  const env = {
    REGISTRY_PROXY_TTL: "32s",
    REGISTRY_PROXY_MAXSIZE: "10200KB",
    REGISTRY_STORAGE_DELETE_ENABLED: "false",
  };
  const layersOf = (cache: StartedRegistry, digests: readonly string[]) =>
    digests.map((digest) => isStored(cache, digest));

  /** Four images of 3 MB: one and two share a third of it; when each was used follows their names. */
  function fill(upstream: MisbehavingUpstream) {
    const shared = randomMegabytes(1);
    return {
      one: addImage(upstream, { name: "team/one", layers: [shared, randomMegabytes(2)] }),
      two: addImage(upstream, { name: "other/two", layers: [shared, randomMegabytes(2)] }),
      three: addImage(upstream, { name: "team/three", layers: [randomMegabytes(3)] }),
      four: addImage(upstream, { name: "team/four", layers: [randomMegabytes(3)] }),
    };
  }

  test("takes the least recently used down to nine tenths, and leaves what is shared while one user lives", async () => {
    await using upstream = await startUpstream();
    const images = fill(upstream);
    await using cache = await startCache(upstream, { env });
    const one = await pullImage(cache, "team/one");
    const two = await pullImage(cache, "other/two");
    const three = await pullImage(cache, "team/three");
    expect(one[1]).toBe(two[1] ?? "");
    await waitUntil("all of it is kept", () => [...one, ...two, ...three].every((digest) => isStored(cache, digest)));
    const four = await pullImage(cache, "team/four");
    await waitUntil("the oldest is gone", () => !isStored(cache, one[2] ?? ""));
    await waitUntil("its space is free", () => trashedBlobs(cache) === 0);
    // 11 MB were too much; without what only the oldest has it is 9, which is less than nine tenths.
    expect([isStored(cache, images.one), isStored(cache, one[0] ?? "")]).toEqual([false, false]);
    expect(layersOf(cache, [images.two, ...two, images.three, ...three, images.four, ...four])).toEqual(
      Array(10).fill(true),
    );
    expect(await pullImage(cache, "team/one")).toEqual(one);
  });

  test("is kept across kills, wherever they come", async () => {
    using directory = temporaryDirectory();
    await using upstream = await startUpstream();
    fill(upstream);
    const names = ["team/one", "other/two", "team/three", "team/four"];
    const pulled: string[][] = [];
    {
      await using cache = await startCache(upstream, { data: directory.path, env });
      for (const name of names) {
        const digests = await pullImage(cache, name);
        await waitUntil("all of it is kept", () => digests.every((digest) => isLinked(cache, name, digest)));
        pulled.push(digests);
      }
      await cache.kill();
    }
    const [one = [], two = [], three = []] = pulled;
    const data = { data: directory.path };
    // Killed at each step that can be seen of the cleaning, until it comes to its end all the same.
    const look = () => {
      const isPending = existsSync(join(directory.path, "proxy/eviction/pending"));
      const oldest = one[2] ?? "";
      return [isLinked(data, "team/one", oldest), isPending, isStored(data, oldest), trashedBlobs(data)].join();
    };
    const over = [false, false, false, 0].join();
    const seen = [look()];
    while (seen.at(-1) !== over) {
      await using cache = await startCache(upstream, { data: directory.path, env });
      // However long all of this takes, they are used lately.
      for (const name of names.slice(1)) await pullImage(cache, name);
      await waitUntil(`it goes on from ${seen.at(-1)}`, () => look() !== seen.at(-1));
      await cache.kill();
      seen.push(look());
    }
    expect(seen.length).toBeGreaterThan(2);
    upstream.behave((_request, response) => {
      response.destroy();
      return true;
    });
    await using last = await startCache(upstream, { data: directory.path, env });
    for (const [name, digests] of [
      ["other/two", two],
      ["team/three", three],
    ] as const) {
      expect(await pullImage(last, name)).toEqual(digests);
    }
    expect(await ask(last, `team/one/blobs/${one[2]}`)).toBe(502);
  });
});
