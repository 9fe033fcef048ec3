import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { composeRegistry } from "../../src/app/compose-registry.ts";
import { loadConfiguration } from "../../src/config/load.ts";
import { createLogger } from "../../src/log/logger.ts";
import { Metrics } from "../../src/metrics/metrics.ts";
import { anonymous } from "../../src/registry/actor.ts";
import { Tracer } from "../../src/tracing/tracer.ts";
import { manifestOf, named, referenceOf } from "../proxy/caching.ts";
import { startUpstream } from "../proxy/misbehaving-upstream.ts";
import { openMemory } from "../storage/memory.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

async function composed(directory: string, text: string) {
  const path = join(directory, "config.yml");
  writeFileSync(path, `version: 0.1\nstorage: {filesystem: {rootdirectory: ${directory}}}\n${text}`);
  const { configuration } = await loadConfiguration({ path, env: {}, flags: {} });
  const store = { ...openMemory(), now: Date.now, uuid: () => crypto.randomUUID() };
  const metrics = new Metrics();
  const logger = createLogger({ level: "error", format: "json", write: () => undefined, now: Date.now });
  const tracer = new Tracer({ now: Date.now, random: () => "" });
  const parts = { env: {}, tracer, store, dataDirectory: directory, hasOwners: () => false, metrics, logger };
  return { ...composeRegistry(configuration, parts), metrics };
}

test("composeRegistry() without upstreams is the local registry alone, by the configured rules", async () => {
  using directory = temporaryDirectory();
  const { registry, findNamespaced, start } = await composed(
    directory.path,
    "access: {immutable: [{repositories: ['**'], tags: ['v*']}]}\nauth: {htpasswd: {realm: r, path: /nowhere}}\n",
  );
  using _started = start();
  const { manifests, tags } = registry.repository(named("app"), anonymous());
  const put = (bytes: Uint8Array) =>
    manifests.put({ bytes, contentType: undefined, digest: undefined, tags: [referenceOf("v1")].flatMap(tagOf) });
  await put(new TextEncoder().encode('{"schemaVersion":2,"manifests":[]}'));
  await expect(put(new TextEncoder().encode('{"schemaVersion":2,"manifests":[] }'))).rejects.toMatchObject({
    code: "DENIED",
  });
  expect([(await tags.list({ limit: 10, after: undefined })).items.map(String), findNamespaced]).toEqual([
    ["v1"],
    undefined,
  ]);
});

function tagOf(reference: ReturnType<typeof referenceOf>) {
  return reference.kind === "tag" ? [reference.tag] : [];
}

test("composeRegistry() fills a cache from its upstream, and counts what comes", async () => {
  using directory = temporaryDirectory();
  await using server = await startUpstream();
  const digest = server.addManifest("team/app", "latest", manifestOf(new Uint8Array([1])));
  const { registry, findNamespaced, start, metrics } = await composed(
    directory.path,
    `proxy: {remoteurl: "${server.url.href}"}\n`,
  );
  using _started = start();
  const found = await registry.repository(named("team/app"), anonymous()).manifests.get(referenceOf("latest"));
  expect([found.digest, findNamespaced?.(server.host, named("team/app")) === named("team/app")]).toEqual([
    digest,
    true,
  ]);
  expect(await metrics.format()).toContain('registry_proxy_misses_total{type="manifest"} 1');
});
