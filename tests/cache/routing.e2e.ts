// One executable as a cache of several registries and a registry of its own: which of them a name means, and what each answers.
import { describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { startRegistry } from "../e2e/executable.ts";
import { postBlob, pullImage as pullAny, pushImage } from "../e2e/image.ts";
import { type Behaviour, behaviours, digestOf, startUpstream } from "../proxy/misbehaving-upstream.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { addImage, isStored, pull, pullImage, refused, startCache } from "./caches.ts";

const fresh = { REGISTRY_PROXY_FRESH: "0s" };
const indexType = "application/vnd.oci.image.index.v1+json";
const manifestType = "application/vnd.oci.image.manifest.v1+json";

describe("a cache of several registries", () => {
  test("knows by ns, by the first component, and by what is left, which registry is meant", async () => {
    await using main = await startUpstream();
    await using other = await startUpstream();
    const layers = [new Uint8Array(randomBytes(10_000))];
    const [inMain, inOther] = [addImage(main, { name: "team/app", layers }), addImage(other, { name: "team/app" })];
    const upstreams = JSON.stringify([{ host: "other.test:5001", remoteurl: other.url.origin }]);
    const env = { REGISTRY_PROXY_UPSTREAMS: upstreams, REGISTRY_PROXY_LOCAL: '["own/**"]' };
    await using cache = await startCache(main, { env });
    const ask = async (path: string, method = "GET") => {
      const { status, headers } = await cache.fetch(`/v2/${path}`, { method });
      return [status, headers.get("docker-content-digest"), headers.get("oci-namespace")];
    };
    const latest = "team/app/manifests/latest";
    expect(await ask(latest)).toEqual([200, inMain, null]);
    expect(await ask(`other.test-5001/${latest}`)).toEqual([200, inOther, null]);
    expect(await ask(`${latest}?ns=other.test:5001`, "HEAD")).toEqual([200, inOther, "other.test:5001"]);
    expect(await ask(`${latest}?ns=${main.host}`)).toEqual([200, inMain, main.host]);
    expect((await ask(`${latest}?ns=third.test`))[0]).toBe(404);
    const layer = digestOf(layers[0] ?? "");
    expect(await ask(`team/app/blobs/${layer}?ns=${main.host}`)).toEqual([200, layer, main.host]);
    // Each is in its own place, and asked for what it was asked for.
    const { repositories } = (await (await cache.fetch("/v2/_catalog")).json()) as { repositories: string[] };
    expect(repositories).toEqual(["other.test-5001/team/app", "team/app"]);
    expect(new Set(other.asked())).toEqual(new Set(["GET /v2/team/app/manifests/latest"]));
  });

  test("takes pushes to its own repositories, and refuses them with a sentence elsewhere", async () => {
    await using main = await startUpstream();
    addImage(main, { name: "team/app" });
    await using cache = await startCache(main, { env: { REGISTRY_PROXY_LOCAL: '["own/**"]' } });
    await pushImage(cache, "own/deep/app");
    await pullAny(cache, "own/deep/app");
    const cached = await pullImage(cache, "team/app");
    const manifest = await (await cache.fetch("/v2/team/app/manifests/latest")).text();
    const digest = digestOf(manifest);
    const writes: readonly (readonly [string, string, string?])[] = [
      ["POST", "/v2/team/app/blobs/uploads/"],
      ["POST", `/v2/team/app/blobs/uploads/?mount=${cached[0]}&from=own/deep/app`],
      ["PUT", "/v2/team/app/manifests/latest", manifest],
      ["DELETE", `/v2/team/app/manifests/${digest}`],
      ["DELETE", "/v2/team/app/manifests/latest"],
      ["DELETE", `/v2/team/app/blobs/${cached[0]}`],
    ];
    for (const [method, path, body] of writes) {
      const headers = { "Content-Type": manifestType };
      const answer = await cache.fetch(path, { method, headers, ...(body === undefined ? {} : { body }) });
      const allow = answer.headers.get("allow");
      expect([method, allow, await refused(answer)]).toEqual([
        method,
        "GET, HEAD, OPTIONS",
        {
          status: 405,
          code: "UNSUPPORTED",
          message: `team/app is a cache of ${main.url.href} and cannot be pushed to or deleted from; push to another name`,
        },
      ]);
    }
    expect(main.asked().filter((line) => !/^(GET|HEAD) /.test(line) || line.includes("own/"))).toEqual([]);
    // What is cached can be mounted into a repository of its own.
    const mount = await cache.fetch(`/v2/own/app/blobs/uploads/?mount=${cached[0]}&from=team/app`, { method: "POST" });
    expect(mount.status).toBe(201);
    expect((await postBlob(cache, "own/app", new Uint8Array(10))).status).toBe(201);
  });

  test("without remoteurl has everything else for itself", async () => {
    await using other = await startUpstream();
    addImage(other, { name: "team/app" });
    const upstreams = JSON.stringify([{ host: "other.test", remoteurl: other.url.origin }]);
    await using cache = await startRegistry({ args: ["--http"], env: { REGISTRY_PROXY_UPSTREAMS: upstreams } });
    await pushImage(cache, "team/app");
    await pullAny(cache, "team/app");
    await pullImage(cache, "other.test/team/app");
    expect((await cache.fetch("/v2/other.test/team/app/blobs/uploads/", { method: "POST" })).status).toBe(405);
  });
});

describe("manifests", () => {
  test("of an index stay whole, byte for byte, though only one child is cached", async () => {
    await using upstream = await startUpstream();
    const children = ["amd64", "arm64"].map((tag) =>
      addImage(upstream, { tag, layers: [new Uint8Array(randomBytes(100))] }),
    );
    const manifests = children.map((digest) => ({ mediaType: manifestType, digest, size: 700 }));
    // Spaces and key order that nobody would write again.
    const text = JSON.stringify({ manifests, mediaType: indexType, schemaVersion: 2 }, null, 3);
    const index = upstream.addManifest("team/app", "latest", text);
    await using cache = await startCache(upstream, { env: fresh });
    const [first = "", second = ""] = children;
    for (const reference of ["latest", index]) {
      const answer = await cache.fetch(`/v2/team/app/manifests/${reference}`);
      expect([answer.headers.get("content-type"), await answer.text()]).toEqual([indexType, text]);
    }
    const blobs = await pullImage(cache, "team/app", first);
    upstream.behave(behaviours.status(503));
    expect(await (await cache.fetch("/v2/team/app/manifests/latest")).text()).toBe(text);
    expect(await pullImage(cache, "team/app", first)).toEqual(blobs);
    expect((await cache.fetch(`/v2/team/app/manifests/${second}`)).status).toBe(503);
  });

  test("by tag are asked for by HEAD when they are not fresh, and fetched when they moved; by digest never", async () => {
    await using upstream = await startUpstream();
    const old = addImage(upstream, { layers: [new Uint8Array([1])] });
    await using cache = await startCache(upstream, { env: { REGISTRY_PROXY_FRESH: "2s" } });
    const digestNow = async () =>
      (await cache.fetch("/v2/team/app/manifests/latest")).headers.get("docker-content-digest");
    expect([await digestNow(), await digestNow()]).toEqual([old, old]);
    expect(upstream.asked()).toEqual(["GET /v2/team/app/manifests/latest"]);
    const next = addImage(upstream, { layers: [new Uint8Array([2])] });
    const endMs = performance.now() + 20_000;
    while ((await digestNow()) !== next && performance.now() < endMs) await Bun.sleep(100);
    expect(upstream.asked()).toEqual([
      "GET /v2/team/app/manifests/latest",
      "HEAD /v2/team/app/manifests/latest",
      `GET /v2/team/app/manifests/${next}`,
    ]);
    for (const digest of [old, next]) await pullImage(cache, "team/app", digest);
    expect(upstream.asked().filter((line) => line.includes("/manifests/")).length).toBe(3);
  });

  test("that refer to others are listed together with upstream's", async () => {
    await using upstream = await startUpstream();
    const subject = addImage(upstream, {});
    const refer = (tag: string) => addImage(upstream, { tag, subject });
    const [known, gone, tagged] = [refer("known"), refer("gone"), refer("tagged")];
    const listed = (...digests: string[]) =>
      JSON.stringify({
        schemaVersion: 2,
        mediaType: indexType,
        manifests: digests.map((digest) => ({ mediaType: manifestType, digest, size: 500 })),
      });
    const referrers: Behaviour = ({ url = "" }, response) => {
      if (!url.includes("/referrers/")) return false;
      response.writeHead(200, { "Content-Type": indexType });
      response.end(listed(known));
      return true;
    };
    upstream.behave(referrers);
    await using cache = await startCache(upstream, { env: fresh });
    const list = async () => {
      const answer = await cache.fetch(`/v2/team/app/referrers/${subject}`);
      const { manifests } = (await answer.json()) as { manifests: { digest: string }[] };
      return [answer.headers.get("warning")?.slice(0, 3), manifests.map(({ digest }) => digest).sort()];
    };
    await pullImage(cache);
    await pullImage(cache, "team/app", gone);
    expect(await list()).toEqual([undefined, [known, gone].sort()]);
    upstream.behave(undefined);
    // Without the API: the tag that clients of such registries use.
    upstream.addManifest("team/app", subject.replace(":", "-"), listed(tagged));
    expect(await list()).toEqual([undefined, [gone, tagged].sort()]);
    upstream.behave(behaviours.status(500));
    expect(await list()).toEqual(["299", [gone]]);
  });
});

test("a list of tags is upstream's, also in pages, and the cached one where there is none", async () => {
  await using upstream = await startUpstream();
  for (const tag of ["1", "2", "3"]) addImage(upstream, { tag });
  await using cache = await startCache(upstream, { env: fresh });
  await pullImage(cache, "team/app", "2");
  const tags = async (query = "") => {
    const answer = await cache.fetch(`/v2/team/app/tags/list${query}`);
    return [
      ((await answer.json()) as { tags: string[] }).tags,
      answer.headers.get("link"),
      answer.headers.has("warning"),
    ];
  };
  expect(await tags()).toEqual([["1", "2", "3"], null, false]);
  expect(await tags("?n=2")).toEqual([["1", "2"], '</v2/team/app/tags/list?n=2&last=2>; rel="next"', false]);
  expect(await tags("?n=2&last=2")).toEqual([["3"], null, false]);
  upstream.behave(behaviours.status(500));
  expect(await tags()).toEqual([["2"], null, true]);
});

describe("registry proxy", () => {
  test("is a cache of the registry that it is given, with its user, ttl and size", async () => {
    using directory = temporaryDirectory();
    await using upstream = await startUpstream();
    const layer = new Uint8Array(randomBytes(3_000_000));
    addImage(upstream, { layers: [layer] });
    const file = join(directory.path, "password");
    writeFileSync(file, "se:cret\n");
    upstream.behave(({ headers }, response) => {
      if (headers.authorization === `Basic ${btoa("alice:se:cret")}`) return false;
      response.writeHead(401, { "WWW-Authenticate": 'Basic realm="up"' });
      response.end();
      return true;
    });
    const limits = ["--ttl", "6s", "--max-size", "2MB"];
    await using cache = await startRegistry({
      command: ["proxy", upstream.url.origin],
      args: ["--http", "--username", "alice", "--password-file", file, ...limits],
    });
    const [config = "", large = ""] = await pullImage(cache);
    expect([isStored(cache, config), isStored(cache, large)]).toEqual([true, false]);
    expect(await pull(cache, large)).toBe(large);
    const banner = cache.stdout();
    expect(banner).toContain(`  caches       ${upstream.url.origin}\n`);
    // In 80 columns, wherever that breaks it.
    expect(banner.replaceAll("\n", " ")).toContain(
      `Anybody who reaches 127.0.0.1:${cache.port} may pull, with the rights of alice at ${upstream.host}.`,
    );
    expect((await cache.fetch("/v2/team/app/blobs/uploads/", { method: "POST" })).status).toBe(405);
    const endMs = performance.now() + 30_000;
    while (isStored(cache, config) && performance.now() < endMs) await Bun.sleep(100);
    expect(isStored(cache, config)).toBe(false);
  });
});
