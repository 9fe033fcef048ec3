import { expect, test } from "bun:test";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Glob } from "bun";
import { dropLargeFiles } from "../../bench/stage.ts";
import { copyStore, storeOf, writeRepositories, writeStore, writeTags } from "../../bench/stores.ts";
import { startApp } from "../../src/app.ts";
import { loadConfiguration } from "../../src/config/load.ts";
import { streamTo } from "../log/stream.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

const files = (root: string, pattern: string) =>
  [...new Glob(pattern).scanSync(join(root, "docker/registry/v2"))].length;

test("storeOf() comes near the number of blobs, manifests among them", () => {
  for (const blobs of [1000, 100_000]) {
    const { manifests, blobsPerManifest, lonelyBlobs } = storeOf(blobs);
    expect(Math.abs(manifests * (blobsPerManifest + 1) + lonelyBlobs - blobs)).toBeLessThan(10);
  }
});

test("writeStore() writes as many blobs, links and tags as it is told", () => {
  using directory = temporaryDirectory({ isInMemory: true });
  writeStore(directory.path, {
    manifests: 20,
    blobsPerManifest: 3,
    manifestsPerRepository: 10,
    untaggedEvery: 10,
    lonelyBlobs: 5,
  });
  expect(files(directory.path, "blobs/**/data")).toBe(20 * 4 + 5);
  expect(files(directory.path, "repositories/large/*/_manifests/tags/*/current/link")).toBe(18);
  expect(files(directory.path, "repositories/large/app1/_layers/**/link")).toBe(30);
});

test("what is written is served: tags, catalog and manifests", async () => {
  using directory = temporaryDirectory({ isInMemory: true });
  writeTags(directory.path, { repository: "bench/tags", tags: 150 });
  writeRepositories(directory.path, 3);
  const env = {};
  const flags = { addr: ["127.0.0.1:0"], data: [directory.path], http: [""] };
  const writes = { logStream: streamTo([]), accessStream: streamTo([]), print: () => {} };
  const app = await startApp(await loadConfiguration({ path: undefined, env, flags }), {
    env,
    now: Date.now,
    ...writes,
  });
  const { url } = app;
  const json = async (path: string) => (await fetch(`${url}${path}`)).json();
  expect(((await json("/v2/bench/tags/tags/list")) as { tags: string[] }).tags).toHaveLength(150);
  expect(await json("/v2/_catalog")).toEqual({ repositories: ["bench/tags", "many/app0", "many/app1", "many/app2"] });
  expect((await fetch(`${url}/v2/bench/tags/manifests/v149`)).status).toBe(200);
  expect((await fetch(`${url}/v2/many/app2/manifests/latest`)).status).toBe(200);
  await app.stop();
});

test("copyStore() gives each its own directories: what one removes stays with the others", () => {
  using directory = temporaryDirectory({ isInMemory: true });
  const [store, a, b] = ["store", "a/data", "b/data"].map((name) => join(directory.path, name)) as [
    string,
    string,
    string,
  ];
  mkdirSync(store);
  writeFileSync(join(store, "large"), new Uint8Array(9_000_000));
  writeFileSync(join(store, "small"), "");
  copyStore(store, [a, b]);
  dropLargeFiles(a);
  expect([existsSync(join(a, "large")), existsSync(join(a, "small")), existsSync(join(b, "large"))]).toEqual([
    false,
    true,
    true,
  ]);
});
