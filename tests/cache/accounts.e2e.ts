// How the cache shows itself to an upstream, and what an operator sees of it: tokens, credential helpers, quota, log lines.
import { describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { waitUntil } from "../e2e/program.ts";
import { type Behaviour, fail, type MisbehavingUpstream, startUpstream } from "../proxy/misbehaving-upstream.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { addImage, isStored, logged, metricsAt, pull, pullImage, refused, startCache } from "./caches.ts";

const user = { REGISTRY_PROXY_USERNAME: "alice", REGISTRY_PROXY_PASSWORD: "secret" };
const basicOf = (name: string, password: string) => `Basic ${btoa(`${name}:${password}`)}`;

/** Wants a token for each repository, and gives them; every token of the past can be revoked at once. */
function wantTokens(upstream: MisbehavingUpstream, expiresIn: number) {
  let era = 1;
  let count = 0;
  const valid = new Map<string, number>();
  const behaviour: Behaviour = (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? "", upstream.url);
    if (url.pathname === "/token") {
      count += 1;
      const token = `${url.searchParams.get("scope")}#${era}.${count}`;
      valid.set(`Bearer ${token}`, Date.now() + expiresIn * 1000);
      response.end(JSON.stringify({ token, expires_in: expiresIn }));
      return true;
    }
    const given = request.headers.authorization ?? "";
    const name = /^\/v2\/(.+)\/(manifests|blobs|tags)\//.exec(url.pathname)?.[1];
    if ((valid.get(given) ?? 0) > Date.now() && given.includes(`repository:${name}:pull#${era}.`)) return false;
    fail(response, 401, { "WWW-Authenticate": `Bearer realm="${upstream.url.origin}/token",service="up"` });
    return true;
  };
  upstream.behave(behaviour);
  return {
    revoke: () => {
      era += 1;
    },
    fetched: () => upstream.requests.filter(({ path }) => path.startsWith("/token")),
  };
}

describe("a bearer token", () => {
  test("is kept for its repository, and fetched anew when it is refused", async () => {
    await using upstream = await startUpstream();
    for (const name of ["team/one", "team/two"])
      addImage(upstream, { name, layers: [new Uint8Array(randomBytes(1000))] });
    const tokens = wantTokens(upstream, 300);
    await using cache = await startCache(upstream, { env: { ...user, REGISTRY_PROXY_FRESH: "0s" } });
    for (const name of ["team/one", "team/two", "team/one", "team/two"]) await pullImage(cache, name);
    const paths = tokens
      .fetched()
      .map(({ path, authorization }) => [new URL(path, upstream.url).searchParams.get("scope"), authorization]);
    expect(paths).toEqual([
      ["repository:team/one:pull", basicOf("alice", "secret")],
      ["repository:team/two:pull", basicOf("alice", "secret")],
    ]);
    tokens.revoke();
    const again = await cache.fetch("/v2/team/one/manifests/latest");
    expect([again.status, again.headers.get("warning"), tokens.fetched().length]).toEqual([200, null, 3]);
    const refusals = upstream.requests.length;
    await pullImage(cache, "team/one");
    expect([tokens.fetched().length, upstream.requests.length - refusals]).toEqual([3, 1]);
  });

  test("is fetched anew before it expires, without a refusal", async () => {
    await using upstream = await startUpstream();
    addImage(upstream, {});
    const tokens = wantTokens(upstream, 4);
    await using cache = await startCache(upstream, { env: { ...user, REGISTRY_PROXY_FRESH: "0s" } });
    await pullImage(cache);
    await waitUntil("another token is fetched", async () => {
      const { status, headers } = await cache.fetch("/v2/team/app/manifests/latest");
      expect([status, headers.get("warning")]).toEqual([200, null]);
      return tokens.fetched().length > 1;
    });
    // The first word of the cache was without a token; every other one was right.
    expect(
      upstream.requests.filter(({ path, authorization }) => !path.startsWith("/token") && authorization === undefined)
        .length,
    ).toBe(1);
  });
});

describe("a credential helper", () => {
  const helper = (directory: string, body: string) => {
    const path = join(directory, "docker-credential-tests");
    writeFileSync(path, `#!/bin/sh\n${body}\n`);
    chmodSync(path, 0o755);
    return path;
  };
  const wantBasic =
    (accepted: () => string): Behaviour =>
    ({ headers }, response) => {
      if (headers.authorization === accepted()) return false;
      fail(response, 401, { "WWW-Authenticate": 'Basic realm="up"' });
      return true;
    };

  test("is asked as docker asks it, and again when its answer is old", async () => {
    using directory = temporaryDirectory();
    await using upstream = await startUpstream();
    addImage(upstream, {});
    const [log, secret] = [join(directory.path, "log"), join(directory.path, "secret")];
    writeFileSync(secret, "first");
    const command = helper(
      directory.path,
      `printf '%s %s\\n' "$1" "$(cat)" >> ${log}; printf '{"Username":"bob","Secret":"%s"}' "$(cat ${secret})"`,
    );
    let password = "first";
    upstream.behave(wantBasic(() => basicOf("bob", password)));
    const env = {
      REGISTRY_PROXY_EXEC_COMMAND: command,
      REGISTRY_PROXY_EXEC_LIFETIME: "1s",
      REGISTRY_PROXY_FRESH: "0s",
    };
    await using cache = await startCache(upstream, { env });
    await pullImage(cache);
    expect(readFileSync(log, "utf8").split("\n")[0]).toBe(`get ${upstream.host}`);
    password = "second";
    writeFileSync(secret, password);
    await waitUntil("the new password is used", async () => {
      const { headers } = await cache.fetch("/v2/team/app/manifests/latest");
      return headers.get("warning") === null;
    });
    expect(cache.stderr()).not.toContain("second");
  });

  test.each([
    ["fails", "exit 3", /there are no credentials for .*ended with 3/],
    ["prints no user", "echo '{}'", /printed no Username and Secret/],
  ])("that %s is told of, and nothing is asked as anybody", async (_how, body, says) => {
    using directory = temporaryDirectory();
    await using upstream = await startUpstream();
    addImage(upstream, {});
    upstream.behave(wantBasic(() => basicOf("bob", "first")));
    await using cache = await startCache(upstream, {
      env: { REGISTRY_PROXY_EXEC_COMMAND: helper(directory.path, body) },
    });
    const { status, code, message } = await refused(await cache.fetch("/v2/team/app/manifests/latest"));
    expect([status, code, says.test(message)]).toEqual([403, "DENIED", true]);
  });
});

test("credentials go to the upstream itself, and not along its redirect to another host", async () => {
  await using store = await startUpstream();
  await using upstream = await startUpstream();
  const digest = store.addBlob(new Uint8Array(randomBytes(1000)));
  upstream.behave(({ headers, url = "" }, response) => {
    if (headers.authorization === undefined) fail(response, 401, { "WWW-Authenticate": 'Basic realm="up"' });
    else fail(response, 307, { Location: `${store.url.origin}${url}?signature=s` });
    return true;
  });
  await using cache = await startCache(upstream, { env: user });
  expect(await pull(cache, digest)).toBe(digest);
  const seen = [upstream, store].map(({ requests }) => requests.map(({ authorization }) => authorization));
  expect(seen).toEqual([[undefined, basicOf("alice", "secret")], [undefined]]);
});

test("Docker Hub's quota, latency, hits, misses and bytes are counted", async () => {
  await using upstream = await startUpstream();
  const layer = new Uint8Array(randomBytes(1000));
  addImage(upstream, { layers: [layer] });
  let left = 100;
  upstream.behave(({ url = "" }, response) => {
    // As Docker Hub says it: with manifests, and HEAD costs nothing.
    response.setHeader("ratelimit-limit", "100;w=21600");
    if (url.includes("/manifests/")) left -= 1;
    response.setHeader("ratelimit-remaining", `${left};w=21600`);
    return false;
  });
  const metrics = metricsAt();
  await using cache = await startCache(upstream, { env: metrics.env });
  for (let count = 0; count < 3; count += 1) await pullImage(cache);
  const text = await metrics.read();
  const value = (name: string) =>
    Number(new RegExp(`^registry_proxy_${name.replace(/[{}]/g, "\\$&")} (\\S+)$`, "m").exec(text)?.[1]);
  const of = `{upstream="${upstream.host}"}`;
  expect(value(`upstream_remaining_pulls${of}`)).toBe(99);
  expect(
    ['requests_total{type="manifest"}', 'hits_total{type="manifest"}', 'misses_total{type="manifest"}'].map(value),
  ).toEqual([3, 2, 1]);
  expect(['requests_total{type="blob"}', 'hits_total{type="blob"}', 'misses_total{type="blob"}'].map(value)).toEqual([
    6, 4, 2,
  ]);
  const blobBytes = value('pulled_bytes_total{type="blob"}');
  expect([blobBytes > 1000, value('pushed_bytes_total{type="blob"}')]).toEqual([true, 3 * blobBytes]);
  expect(
    value(`upstream_request_seconds_count{status="200",upstream="${upstream.host}"}`) ||
      value(`upstream_request_seconds_count{upstream="${upstream.host}",status="200"}`),
    // With the look at the base of the API after the start.
  ).toBe(4);
});

test("each request to an upstream is one line at the level debug, without secrets, and none at others", async () => {
  await using upstream = await startUpstream();
  addImage(upstream, { layers: [new Uint8Array(randomBytes(1000))] });
  wantTokens(upstream, 300);
  await using cache = await startCache(upstream, { env: user, level: "debug" });
  await pullImage(cache);
  await cache.fetch("/v2/team/app/tags/list");
  await cache.fetch("/v2/team/app/manifests/never");
  const lines = logged(cache, "upstream request").map((line) => {
    const [, method = "", url = "", status = ""] =
      / method=(\S+) url="?(\S+?)"? status=(\d+) ms=[\d.]+/.exec(line) ?? [];
    return `${method} ${new URL(url).pathname} ${status}`;
  });
  // The first is the look at the base of the API after the start, which the upstream does not note.
  expect(lines.map((line) => line.split(" ").slice(0, 2).join(" "))).toEqual([
    "GET /v2/",
    ...upstream.asked().map((line) => line.split("?")[0] ?? ""),
  ]);
  expect(lines.map((line) => line.split(" ")[2])).toEqual(["200", "401", "200", "200", "200", "200", "200", "404"]);
  expect(/secret|Bearer|#1\.1/.test(cache.stderr())).toBe(false);
  await using quiet = await startCache(upstream, { env: user });
  await pullImage(quiet);
  expect(logged(quiet, "upstream request")).toEqual([]);
});

describe("cachewritetimeout", () => {
  /** Sends a blob slowly, until whoever asked is gone. */
  function serveSlowly(upstream: MisbehavingUpstream, blob: Uint8Array) {
    const state = { left: 0, ended: 0 };
    upstream.behave(async ({ method, url = "", headers }, response) => {
      if (method !== "GET" || !url.includes("/blobs/")) return false;
      const start = Number(/^bytes=(\d+)-$/.exec(headers.range ?? "")?.[1] ?? 0);
      if (start > 0) response.setHeader("Content-Range", `bytes ${start}-${blob.length - 1}/${blob.length}`);
      response.writeHead(start > 0 ? 206 : 200, { "Content-Length": blob.length - start });
      response.on("close", () => {
        if (!response.writableFinished) state.left += 1;
      });
      for (let sent = start; sent < blob.length && !response.destroyed; sent += 100_000) {
        response.write(blob.subarray(sent, sent + 100_000));
        await Bun.sleep(50);
      }
      response.end();
      state.ended += 1;
      return true;
    });
    return state;
  }

  test.each([
    ["1s", false],
    ["5m", true],
  ])("(%s) says how long a blob comes on without a client", async (timeout, isFetchedWhole) => {
    await using upstream = await startUpstream();
    const blob = new Uint8Array(randomBytes(6_000_000));
    const digest = upstream.addBlob(blob);
    const state = serveSlowly(upstream, blob);
    await using cache = await startCache(upstream, { env: { REGISTRY_PROXY_CACHEWRITETIMEOUT: timeout } });
    const abort = new AbortController();
    const response = await cache.fetch(`/v2/team/app/blobs/${digest}`, { signal: abort.signal });
    await response.body?.getReader().read();
    abort.abort();
    if (isFetchedWhole) {
      await waitUntil("it is kept", () => isStored(cache, digest) && state.ended === 1);
      expect(state.left).toBe(0);
    } else {
      await waitUntil("it is given up", () => state.left === 1);
      expect(isStored(cache, digest)).toBe(false);
      expect(await pull(cache, digest)).toBe(digest);
      const ranges = upstream.requests.map(({ range }) => range);
      expect([ranges.length, ranges[0], Number(/\d+/.exec(ranges[1] ?? "")?.[0]) > 500_000]).toEqual([
        2,
        undefined,
        true,
      ]);
    }
  });
});
