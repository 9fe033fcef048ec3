import { expect, test } from "bun:test";
import { listTagDigests, resolveRemoval } from "../../../src/cli/images/rm-registry-plan.ts";
import { RegistryApi } from "../../../src/client/registry-api.ts";
import { RegistryClient } from "../../../src/client/registry-client.ts";
import { named } from "../../proxy/caching.ts";
import { type MisbehavingUpstream, startUpstream } from "../../proxy/misbehaving-upstream.ts";

const app = named("app");

function apiOf(server: MisbehavingUpstream): RegistryApi {
  const client = new RegistryClient({
    host: server.host,
    url: server.url,
    ca: undefined,
    realms: "any",
    credentials: async () => undefined,
    resolve: async () => ["192.0.2.1"],
    isProxied: () => false,
    answerMs: 2000,
    now: Date.now,
    report: () => undefined,
  });
  return new RegistryApi(client, { signal: new AbortController().signal });
}

const target = { host: undefined, names: "app", tags: undefined, digest: undefined, isWhole: false, text: "" };

test("a tag that is named is asked for by itself, a glob among all tags", async () => {
  await using server = await startUpstream();
  const digest = server.addManifest(app, "v1", '{"schemaVersion":2}');
  server.addManifest(app, "v2", '{"schemaVersion":2,"a":1}');
  const one = await resolveRemoval(
    apiOf(server),
    app,
    [
      { ...target, tags: "v1" },
      { ...target, tags: "x" },
    ],
    () => {},
  );
  expect([[...one.tags], one.found.size]).toEqual([[["v1", digest]], 1] as never);
  expect(server.asked().some((line) => line.includes("tags/list"))).toBe(false);
  const all = await resolveRemoval(apiOf(server), app, [{ ...target, tags: "v*" }], () => {});
  expect([...all.tags.keys()]).toEqual(["v1", "v2"] as never);
});

test("with an image go the tags that lead to it", async () => {
  await using server = await startUpstream();
  const digest = server.addManifest(app, "v1", '{"schemaVersion":2}');
  server.addManifest(app, "latest", '{"schemaVersion":2}');
  const removal = await resolveRemoval(apiOf(server), app, [{ ...target, digest }], () => {});
  expect([[...removal.digests], [...removal.taken.keys()].sort(), removal.tags.size]).toEqual([
    [digest],
    ["latest", "v1"],
    0,
  ] as never);
});

test("of a whole repository everything goes, what names others first", async () => {
  await using server = await startUpstream();
  const child = server.addManifest(app, "child", '{"schemaVersion":2,"layers":[],"config":{}}');
  const entry = { mediaType: "application/vnd.oci.image.manifest.v1+json", digest: child, size: 1 };
  const index = server.addManifest(app, "an-index", JSON.stringify({ schemaVersion: 2, manifests: [entry] }));
  server.removeTag(app, "child");
  const removal = await resolveRemoval(apiOf(server), app, [{ ...target, isWhole: true }], () => {});
  expect([...removal.digests]).toEqual([index, child]);
});

test("a registry that says no digest is asked for the manifest", async () => {
  await using server = await startUpstream();
  const digest = server.addManifest(app, "v1", '{"schemaVersion":2}');
  server.behave(({ method }, response) => {
    if (method !== "HEAD") return false;
    response.writeHead(200);
    response.end();
    return true;
  });
  expect(await Array.fromAsync(listTagDigests(apiOf(server), app, () => true))).toEqual([
    { tag: "v1", digest },
  ] as never);
});
