// An index over blobs, as build caches are (BuildKit with `image-manifest=false`): this registry takes it as registry:2
// does; registry:3 takes none, but serves and keeps it. A repair links blobs as blobs, and no collector stumbles.
import { describe, expect, test } from "bun:test";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Client, type PushedManifest, type Served } from "../crash/client.ts";
import { Expectations } from "../crash/expectations.ts";
import { plainArgs } from "../crash/killed-run.ts";
import { makeBytes, makeImage, pushMade } from "../crash/made-image.ts";
import { startRegistry } from "../e2e/executable.ts";
import { digestOf } from "../e2e/image.ts";
import { findingsOf, runOn } from "../gc/run-command.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { collectForeign, type ForeignKind, foreignKinds, startForeign } from "./foreign-registry.ts";

const name = "build/cache";

interface Cache {
  readonly layers: readonly Uint8Array<ArrayBuffer>[];
  readonly config: Uint8Array<ArrayBuffer>;
  readonly index: PushedManifest;
}

/** The types that BuildKit gives: layers, and at last a configuration of its own. */
function makeCache(): Cache {
  const layers = [makeBytes(5000), makeBytes(3000)];
  const config = new TextEncoder().encode(
    JSON.stringify({ layers: layers.map((layer) => ({ blob: digestOf(layer) })) }),
  );
  const describeAs = (mediaType: string, bytes: Uint8Array) => ({
    mediaType,
    digest: digestOf(bytes),
    size: bytes.length,
  });
  const mediaType = "application/vnd.oci.image.index.v1+json";
  const manifests = [
    ...layers.map((layer) => describeAs("application/vnd.oci.image.layer.v1.tar+gzip", layer)),
    describeAs("application/vnd.buildkit.cacheconfig.v0", config),
  ];
  const bytes = new TextEncoder().encode(JSON.stringify({ schemaVersion: 2, mediaType, manifests }));
  return { layers, config, index: { digest: digestOf(bytes), mediaType, bytes } };
}

async function pushCache(served: Served, { layers, config, index }: Cache): Promise<void> {
  const client = new Client(served, new Expectations());
  for (const blob of [...layers, config]) await client.pushBlob(name, blob, "put");
  await client.pushManifest(name, index, "cache");
  await pushMade(client, name, { image: makeImage(), tag: "image", way: "put" });
}

/** Whether the index and every blob of it come back. */
async function isWhole(served: Served, { layers, config, index }: Cache): Promise<boolean> {
  const answers = await Promise.all([
    served.fetch(`/v2/${name}/manifests/cache`),
    ...[...layers, config].map((blob) => served.fetch(`/v2/${name}/blobs/${digestOf(blob)}`)),
  ]);
  const digests = await Promise.all(answers.map(async (answer) => digestOf(await answer.bytes())));
  return digests.join() === [index.digest, ...[...layers, config].map((blob) => digestOf(blob))].join();
}

async function serve<T>(kind: ForeignKind | "ours", data: string, work: (served: Served) => Promise<T>): Promise<T> {
  await using served =
    kind === "ours" ? await startRegistry({ data, args: plainArgs }) : await startForeign(kind, data);
  return await work(served);
}

const kinds = ["ours", ...foreignKinds] as const;

const writers = kinds.filter((kind) => kind !== "registry-v3");

describe.each(writers.map((kind) => ({ kind })))("written by $kind", ({ kind }) => {
  test("it is clean, and every collector keeps it", async () => {
    using directory = temporaryDirectory();
    const data = directory.path;
    const cache = makeCache();
    await serve(kind, data, (served) => pushCache(served, cache));
    expect(findingsOf(await runOn(data, "verify"))).toEqual([]);
    for (let run = 1; run <= 2; run += 1) {
      expect(await runOn(data, "gc", "--grace", "0s", "--delete-untagged")).toMatchObject({ code: 0 });
    }
    for (const foreign of foreignKinds) await collectForeign(foreign, data);
    for (const reader of kinds) expect(await serve(reader, data, (served) => isWhole(served, cache))).toBe(true);
    expect(findingsOf(await runOn(data, "verify"))).toEqual([]);
  });

  test("what is missing of its links is repaired as blobs, and every collector keeps it then", async () => {
    using directory = temporaryDirectory();
    const data = directory.path;
    const cache = makeCache();
    await serve(kind, data, (served) => pushCache(served, cache));
    const place = join(data, "docker/registry/v2/repositories", name);
    const [layer = new Uint8Array()] = cache.layers;
    for (const blob of [layer, cache.config]) {
      rmSync(join(place, "_layers/sha256", digestOf(blob).slice("sha256:".length)), { recursive: true });
    }
    const found = await runOn(data, "gc", "--grace", "0s");
    expect([found.code, findingsOf(found).length]).toEqual([1, 2]);
    expect(await runOn(data, "verify", "--repair")).toMatchObject({ code: 0, summary: { repaired: 2 } });
    for (const blob of [layer, cache.config]) {
      const hex = digestOf(blob).slice("sha256:".length);
      expect(existsSync(join(place, "_manifests/revisions/sha256", hex))).toBe(false);
    }
    expect(await runOn(data, "gc", "--grace", "0s")).toMatchObject({ code: 0 });
    for (const foreign of foreignKinds) await collectForeign(foreign, data);
    for (const reader of kinds) expect(await serve(reader, data, (served) => isWhole(served, cache))).toBe(true);
  });
});
