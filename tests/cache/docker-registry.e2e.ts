// The executable as a cache of Debian's docker-registry: open, with htpasswd, with tokens; and in the place of a cache
// that docker-registry has filled.
import { describe, expect, test } from "bun:test";
import { createHash, createPrivateKey, createSign, X509Certificate } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type StartedRegistry, startRegistry } from "../e2e/executable.ts";
import { postBlob, pullImage, refusalOf } from "../e2e/image.ts";
import { must, requireProgram, waitUntil } from "../e2e/program.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { isStored, trashedBlobs } from "./caches.ts";
import { type DebianRegistry, pushImageTo, startDebianRegistry } from "./debian-registry.ts";

const isPossible = [
  requireProgram("docker-registry", "docker-registry"),
  requireProgram("htpasswd", "apache2-utils"),
  requireProgram("openssl", "openssl"),
].every(Boolean);

const user = { name: "alice", password: "se:cret word" };

/** What can be pulled from, for the functions that want a registry of ours. */
function asRegistry({ fetch }: Pick<DebianRegistry, "fetch">): StartedRegistry {
  return { fetch } as StartedRegistry;
}

function startCache(url: string, env: Record<string, string> = {}, data?: string): Promise<StartedRegistry> {
  const options = { args: ["--http", "--log-level", "debug"], env: { REGISTRY_PROXY_REMOTEURL: url, ...env } };
  return startRegistry(data === undefined ? options : { ...options, data });
}

/** What the cache asked of its upstream so far. */
function upstreamRequests(cache: StartedRegistry): readonly string[] {
  const lines = cache
    .stderr()
    .split("\n")
    .filter((line) => line.includes('msg="upstream request"'));
  return lines.map((line) => /method=(\S+) url=\S+?(\/v2\/\S+)/.exec(line)?.slice(1).join(" ") ?? line);
}

describe.skipIf(!isPossible)("a cache of docker-registry", () => {
  test.each([
    ["open", undefined, {}],
    ["with htpasswd", user, { REGISTRY_PROXY_USERNAME: user.name, REGISTRY_PROXY_PASSWORD: user.password }],
  ])("that is %s serves what it has, also when that is gone, and again when it is back", async (_how, owner, env) => {
    using directory = temporaryDirectory();
    const settings = { data: directory.path, ...(owner === undefined ? {} : { user: owner }) };
    await using first = await startDebianRegistry(settings);
    await pushImageTo(first, "team/app", { layerBytes: 3_000_000 });
    await pushImageTo(first, "team/other");
    await using cache = await startCache(first.url, { ...env, REGISTRY_PROXY_FRESH: "0s" });
    await pullImage(cache, "team/app");
    const cold = upstreamRequests(cache).filter((line) => line.startsWith("GET") && line.includes("/blobs/"));
    await pullImage(cache, "team/app");
    const warm = upstreamRequests(cache).filter((line) => line.startsWith("GET") && line.includes("/blobs/"));
    expect([cold.length, warm.length]).toEqual([2, 2]);
    expect(await (await cache.fetch("/v2/team/app/tags/list")).json()).toEqual({ name: "team/app", tags: ["latest"] });

    await first.stop();
    await pullImage(cache, "team/app");
    const stale = await cache.fetch("/v2/team/app/manifests/latest");
    expect(stale.headers.get("warning")).toMatch(/^299 - "served from the cache: .* cannot be reached/);
    const missing = await refusalOf(await cache.fetch("/v2/team/other/manifests/latest"));
    expect([[502, 503].includes(missing.status), missing.code]).toEqual([true, "UNAVAILABLE"]);
    const push = await postBlob(cache, "team/app", new Uint8Array([1]));
    expect(await refusalOf(push)).toEqual({ status: 405, code: "UNSUPPORTED" });
  });

  test("refuses what the credentials may not pull, and says so", async () => {
    await using upstream = await startDebianRegistry({ user });
    await pushImageTo(upstream, "team/app");
    const wrong = { REGISTRY_PROXY_USERNAME: user.name, REGISTRY_PROXY_PASSWORD: "wrong" };
    for (const env of [{}, wrong]) {
      await using cache = await startCache(upstream.url, env);
      const refused = await refusalOf(await cache.fetch("/v2/team/app/manifests/latest"));
      expect(refused).toEqual({ status: 403, code: "DENIED" });
      expect(cache.stderr()).not.toContain("wrong\n");
    }
  });

  test("starts while it is dead, and serves when it is there", async () => {
    using directory = temporaryDirectory();
    const port = await (async () => {
      await using dead = await startDebianRegistry({ data: directory.path });
      await pushImageTo(dead, "team/app");
      return new URL(dead.url).port;
    })();
    await using cache = await startCache(`http://127.0.0.1:${port}`);
    expect((await cache.fetch("/v2/")).status).toBe(200);
    expect((await cache.fetch("/v2/team/app/manifests/latest")).status).toBe(502);
    const addr = { http: { addr: `127.0.0.1:${port}` } };
    // Its port is the dead one's; the helper asks at its own, so it is started by hand.
    const file = join(directory.path, "config.yml");
    const storage = { filesystem: { rootdirectory: directory.path } };
    await Bun.write(file, JSON.stringify({ version: 0.1, log: { level: "error" }, storage, ...addr }));
    const child = Bun.spawn(["docker-registry", "serve", file], { stdout: "ignore", stderr: "ignore" });
    try {
      const endMs = performance.now() + 60_000;
      while ((await cache.fetch("/v2/team/app/manifests/latest")).status !== 200) {
        if (performance.now() > endMs) throw new Error("it does not recover");
        await Bun.sleep(100);
      }
      await pullImage(cache, "team/app");
    } finally {
      child.kill();
      await child.exited;
    }
  });

  test("pulls with tokens, one for each repository", async () => {
    using directory = temporaryDirectory();
    await using tokens = await startTokenServer(directory.path);
    const token = { realm: tokens.realm, service: "upstream", issuer: "tests", rootcertbundle: tokens.certificate };
    await using upstream = await startDebianRegistry({ sections: { auth: { token } } });
    const pushing = (name: string) => ({
      fetch: (path: string, init: RequestInit = {}) => {
        const headers = new Headers(init.headers);
        headers.set("Authorization", `Bearer ${tokens.sign(name, ["pull", "push"])}`);
        return upstream.fetch(path, { ...init, headers });
      },
    });
    for (const name of ["team/one", "team/two"]) await pushImageTo(pushing(name), name);
    const realms = JSON.stringify([new URL(tokens.realm).host]);
    const env = { REGISTRY_PROXY_USERNAME: user.name, REGISTRY_PROXY_PASSWORD: user.password };
    await using cache = await startCache(upstream.url, { ...env, REGISTRY_PROXY_REALMS: realms });
    for (const name of ["team/one", "team/two"]) await pullImage(cache, name);
    const authorization = `Basic ${btoa(`${user.name}:${user.password}`)}`;
    // The one without a scope shows at the start whether the credentials are any good; pulls do not wait for it.
    await waitUntil("three tokens", () => (tokens.asked.length >= 3 ? true : undefined));
    expect(tokens.asked.toSorted((one, other) => `${one.scope}`.localeCompare(`${other.scope}`))).toEqual([
      { authorization, scope: null },
      { authorization, scope: "repository:team/one:pull" },
      { authorization, scope: "repository:team/two:pull" },
    ]);

    await using stranger = await startCache(upstream.url, env);
    await stranger.fetch("/v2/team/one/manifests/latest");
    expect(tokens.asked.at(-1)?.authorization).toBeNull();
    await waitUntil("the log tells of it", () =>
      stranger.stderr().includes("the credentials are not sent to this token server"),
    );
    expect(stranger.stderr() + cache.stderr()).not.toContain(user.password);
  });
});

describe.skipIf(!isPossible)("in the place of a cache of docker-registry", () => {
  test("its directory is served at once, and can be given back", async () => {
    using directory = temporaryDirectory();
    const data = join(directory.path, "cache");
    await using upstream = await startDebianRegistry();
    await pushImageTo(upstream, "team/app", { layerBytes: 1_000_000 });
    const state = join(data, "scheduler-state.json");
    {
      await using old = await startDebianRegistry({ data, remoteUrl: upstream.url });
      await pullImage(asRegistry(old), "team/app");
      await waitUntil("it notes what it has", () => existsSync(state));
    }
    const before = readFileSync(state, "utf8");
    expect(before).toContain("team/app@sha256:");
    {
      await using cache = await startCache(upstream.url, {}, data);
      await pullImage(cache, "team/app");
      const blobs = upstreamRequests(cache).filter((line) => line.includes("/blobs/"));
      expect([blobs, cache.stderr().includes("did not come from the upstream")]).toEqual([[], false]);
      await pushImageTo(upstream, "team/new");
      await pullImage(cache, "team/new");
      expect(await cache.stop()).toBe(0);
    }
    expect(readFileSync(state, "utf8")).toBe(before);
    await using again = await startDebianRegistry({ data, remoteUrl: upstream.url });
    for (const name of ["team/app", "team/new"]) await pullImage(asRegistry(again), name);
  });

  test("what it has cached goes when it is old, and it can be given back without it", async () => {
    using directory = temporaryDirectory();
    const data = join(directory.path, "cache");
    await using upstream = await startDebianRegistry();
    const layer = await pushImageTo(upstream, "team/app");
    {
      await using old = await startDebianRegistry({ data, remoteUrl: upstream.url });
      await pullImage(asRegistry(old), "team/app");
      await waitUntil("it notes what it has", () => existsSync(join(data, "scheduler-state.json")));
    }
    expect(isStored({ data }, layer)).toBe(true);
    const state = readFileSync(join(data, "scheduler-state.json"), "utf8");
    {
      await using cache = await startCache(upstream.url, { REGISTRY_PROXY_TTL: "2s" }, data);
      await waitUntil("the layer is gone", () => !isStored({ data }, layer) && trashedBlobs({ data }) === 0);
      expect(await cache.stop()).toBe(0);
    }
    expect(readFileSync(join(data, "scheduler-state.json"), "utf8")).toBe(state);
    await using again = await startDebianRegistry({ data, remoteUrl: upstream.url });
    await pullImage(asRegistry(again), "team/app");
  });

  test("a state file that a crash cut off is no hindrance", async () => {
    using directory = temporaryDirectory();
    await using upstream = await startDebianRegistry();
    await pushImageTo(upstream, "team/app");
    await Bun.write(join(directory.path, "scheduler-state.json"), '{"team/app@sha256:');
    await using cache = await startCache(upstream.url, {}, directory.path);
    await pullImage(cache, "team/app");
    await waitUntil("the log tells of it", () => cache.stderr().includes("cannot be read"));
  });
});

interface TokenServer extends AsyncDisposable {
  readonly realm: string;
  /** The file with the certificate of its key. */
  readonly certificate: string;
  readonly asked: { readonly authorization: string | null; readonly scope: string | null }[];
  sign(name: string, actions: readonly string[]): string;
}

/** Gives tokens to whoever asks; docker-registry checks their signatures. */
async function startTokenServer(directory: string): Promise<TokenServer> {
  const [certificate, key] = [join(directory, "token.crt"), join(directory, "token.key")];
  const request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "9", "-subj", "/CN=tokens"];
  await must(["openssl", ...request, "-keyout", key, "-out", certificate]);
  const privateKey = createPrivateKey(readFileSync(key));
  const der = new X509Certificate(readFileSync(certificate)).raw.toString("base64");
  const asked: { authorization: string | null; scope: string | null }[] = [];
  const sign = (name: string, actions: readonly string[]) => {
    const now = Math.floor(Date.now() / 1000);
    const times = { iat: now, nbf: now - 10, exp: now + 300 };
    const access = [{ type: "repository", name, actions }];
    const id = createHash("sha256").update(`${name}${now}`).digest("hex");
    const claims = { iss: "tests", sub: "alice", aud: "upstream", jti: id, access, ...times };
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const text = `${encode({ typ: "JWT", alg: "RS256", x5c: [der] })}.${encode(claims)}`;
    return `${text}.${createSign("RSA-SHA256").update(text).sign(privateKey, "base64url")}`;
  };
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (asking) => {
      const scope = new URL(asking.url).searchParams.get("scope");
      asked.push({ authorization: asking.headers.get("authorization"), scope });
      const [, name = "", actions = ""] = (scope ?? "").split(":");
      return Response.json({ token: sign(name, actions.split(",")), expires_in: 300 });
    },
  });
  return {
    realm: `http://127.0.0.1:${server.port}/token`,
    certificate,
    asked,
    sign,
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}
