import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openCaches } from "../../../src/app/caches/open-caches.ts";
import { StartError } from "../../../src/app/start-error.ts";
import type { ConfiguredUpstream, ProxyConfiguration } from "../../../src/config/proxy-section.ts";
import { anonymous } from "../../../src/registry/actor.ts";
import { BlobSizes } from "../../../src/registry/blob-sizes.ts";
import { openRegistry } from "../../../src/registry/registry.ts";
import { manifestOf, named, referenceOf } from "../../proxy/caching.ts";
import { startUpstream } from "../../proxy/misbehaving-upstream.ts";
import { openMemory } from "../../storage/memory.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

function configuredAs(changes: Partial<ProxyConfiguration>): ProxyConfiguration {
  return {
    main: undefined,
    others: [],
    local: [],
    ttl: 1000,
    fresh: 60_000,
    maxsize: undefined,
    cachewritetimeout: 1000,
    ...changes,
  };
}

function open(proxy: ProxyConfiguration) {
  const store = { ...openMemory(), now: Date.now, uuid: () => crypto.randomUUID() };
  const local = openRegistry(store, { rules: { urls: "any", children: "all" } });
  return openCaches(proxy, { env: {}, store, local, sizes: new BlobSizes(store), report: () => undefined });
}

function upstreamAt(remoteurl: string, changes: Partial<ConfiguredUpstream> = {}): ConfiguredUpstream {
  const { host } = new URL(remoteurl);
  const nobody = { username: undefined, password: undefined, exec: undefined };
  return { host, remoteurl, ...nobody, ttl: 1000, ca: undefined, realms: [], ...changes };
}

test("openCaches() routes to the configured registries", async () => {
  await using server = await startUpstream();
  const digest = server.addManifest("team/app", "latest", manifestOf(new Uint8Array([1])));
  const other = upstreamAt(server.url.href, { host: "other.example", ttl: 5 });
  const { registry, upstreams } = open(configuredAs({ main: upstreamAt(server.url.href), others: [other] }));
  const answers = [
    await registry.repository(named("team/app"), anonymous()).manifests.get(referenceOf("latest")),
    await registry.repository(named("other.example/team/app"), anonymous()).manifests.get(referenceOf("latest")),
  ];
  expect(answers.map((answer) => answer.digest)).toEqual([digest, digest]);
  expect(upstreams.map(({ upstream, ttlMs }) => [upstream.host, ttlMs])).toEqual([
    [server.host, 1000],
    ["other.example", 5],
  ]);
});

test.each([
  ["is not there", undefined, "there is no such file"],
  ["is no PEM", "hello", "it holds no certificate in PEM"],
  [
    "is damaged",
    "-----BEGIN CERTIFICATE-----\nbm8=\n-----END CERTIFICATE-----\n",
    "a certificate in it cannot be read",
  ],
])("openCaches() refuses a file of certificates that %s", (_how, text, problem) => {
  using directory = temporaryDirectory();
  const ca = join(directory.path, "ca.pem");
  if (text !== undefined) writeFileSync(ca, text);
  const main = upstreamAt("https://up.example", { ca });
  const opening = () => open(configuredAs({ main }));
  expect(opening).toThrow(StartError);
  expect(opening).toThrow(`${ca} (certificates of an upstream): ${problem}`);
});
