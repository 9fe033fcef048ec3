// Transfers of large blobs through the executable: many clients, several processes, kills, little memory, and an upstream
// that sends something wrong.
import { describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, statSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { anonymousBytes, canReadMemory } from "../e2e/process-memory.ts";
import { requireProgram, run, waitUntil } from "../e2e/program.ts";
import { behaviours, digestOf, type MisbehavingUpstream, startUpstream } from "../proxy/misbehaving-upstream.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { metricsAt, pull, startCache } from "./caches.ts";

const mebibyte = 1024 * 1024;
const limitBytes = 128 * mebibyte;
const hasProc = canReadMemory();
const hasCurl = requireProgram("curl", "curl");

/** A blob of repeated pieces, sent with a length and never held; its digest. */
function serveRepeated(
  upstream: MisbehavingUpstream,
  { pieces, pauseMs = 0 }: { pieces: number; pauseMs?: number },
): string {
  const piece = randomBytes(mebibyte);
  const hash = new Bun.CryptoHasher("sha256");
  for (let index = 0; index < pieces; index += 1) hash.update(piece);
  const digest = `sha256:${hash.digest("hex")}`;
  const total = pieces * mebibyte;
  upstream.behave(async (request, response) => {
    if (!(request.url ?? "").endsWith(digest)) return false;
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
    if (start > 0) response.setHeader("Content-Range", `bytes ${start}-${total - 1}/${total}`);
    response.writeHead(start > 0 ? 206 : 200, { "Content-Length": total - start });
    if (request.method === "HEAD") response.end();
    else await sendRepeated(response, { piece, start, total, pauseMs });
    return true;
  });
  return digest;
}

async function sendRepeated(
  response: ServerResponse,
  { piece, start, total, pauseMs }: { piece: Uint8Array; start: number; total: number; pauseMs: number },
): Promise<void> {
  for (let sent = start; sent < total && !response.destroyed; ) {
    const from = sent % piece.length;
    const part = piece.subarray(from, Math.min(piece.length, from + total - sent));
    sent += part.length;
    if (!response.write(part)) {
      const waiting = Promise.withResolvers<void>();
      response.once("drain", waiting.resolve);
      response.once("close", waiting.resolve);
      await waiting.promise;
      response.off("close", waiting.resolve);
    }
    if (pauseMs > 0) await Bun.sleep(pauseMs);
  }
  response.end();
}

/** The most that the process held, looked at twenty times a second. */
function watchMemory(pid: number): { bytes(): number } & Disposable {
  let most = 0;
  const look = () => {
    most = Math.max(most, anonymousBytes(pid));
  };
  const timer = setInterval(look, 50);
  return { bytes: () => most, [Symbol.dispose]: () => clearInterval(timer) };
}

function blobGets({ requests }: MisbehavingUpstream): readonly (string | undefined)[] {
  return requests.filter(({ method, path }) => method === "GET" && path.includes("/blobs/")).map(({ range }) => range);
}

describe.skipIf(!hasProc)("in little memory", () => {
  test("1 GiB goes through, cold and warm", async () => {
    await using upstream = await startUpstream();
    const digest = serveRepeated(upstream, { pieces: 1024 });
    await using cache = await startCache(upstream);
    using memory = watchMemory(cache.pid);
    expect(await pull(cache, digest)).toBe(digest);
    expect(await pull(cache, digest)).toBe(digest);
    console.log(`RssAnon with 1 GiB: ${Math.round(memory.bytes() / mebibyte)} MiB`);
    expect([blobGets(upstream).length, memory.bytes() > 0, memory.bytes() < limitBytes]).toEqual([1, true, true]);
  });

  test("twelve blobs come at once", async () => {
    await using upstream = await startUpstream();
    const bytes = new Uint8Array(randomBytes(48 * mebibyte));
    // Each is a little shorter than the one before, and so another one.
    const digests = Array.from({ length: 12 }, (_, index) => upstream.addBlob(bytes.subarray(index)));
    await using cache = await startCache(upstream);
    using memory = watchMemory(cache.pid);
    expect(await Promise.all(digests.map((digest) => pull(cache, digest)))).toEqual(digests);
    console.log(`RssAnon with twelve blobs: ${Math.round(memory.bytes() / mebibyte)} MiB`);
    expect(memory.bytes()).toBeLessThan(limitBytes);
  });

  test("fifty clients share one transfer of a cold blob", async () => {
    await using upstream = await startUpstream();
    const digest = serveRepeated(upstream, { pieces: 64 });
    await using cache = await startCache(upstream);
    using memory = watchMemory(cache.pid);
    const pulled = await Promise.all(Array.from({ length: 50 }, () => pull(cache, digest)));
    console.log(`RssAnon with 50 clients: ${Math.round(memory.bytes() / mebibyte)} MiB`);
    expect([new Set(pulled), blobGets(upstream).length]).toEqual([new Set([digest]), 1]);
    expect(memory.bytes()).toBeLessThan(limitBytes);
  });
});

describe("several processes", () => {
  test("share one transfer, and the other one goes on with it when its holder is killed", async () => {
    using directory = temporaryDirectory();
    await using upstream = await startUpstream();
    const digest = serveRepeated(upstream, { pieces: 40, pauseMs: 30 });
    await using first = await startCache(upstream, { data: directory.path });
    await using second = await startCache(upstream, { data: directory.path });
    const lost = pull(first, digest).catch(() => "lost");
    await waitUntil("a part has come", () => sizeOfTransfer(directory.path) > 4 * mebibyte);
    const pulling = Promise.all([pull(second, digest), pull(second, digest)]);
    await waitUntil("more has come", () => sizeOfTransfer(directory.path) > 12 * mebibyte);
    expect(blobGets(upstream)).toEqual([undefined]);
    await first.kill();
    expect([await lost, await pulling]).toEqual(["lost", [digest, digest]]);
    const [, range = ""] = blobGets(upstream);
    expect([blobGets(upstream).length, Number(/\d+/.exec(range)?.[0]) > 12 * mebibyte]).toEqual([2, true]);
    await waitUntil("the transfer has become the blob", () => sizeOfTransfer(directory.path) === 0);
  });

  test("a killed one goes on where it was when it is started again", async () => {
    using directory = temporaryDirectory();
    await using upstream = await startUpstream();
    const digest = serveRepeated(upstream, { pieces: 20, pauseMs: 30 });
    {
      await using first = await startCache(upstream, { data: directory.path });
      const lost = pull(first, digest).catch(() => "lost");
      await waitUntil("a part has come", () => sizeOfTransfer(directory.path) > 4 * mebibyte);
      await first.kill();
      await lost;
    }
    const leftBytes = sizeOfTransfer(directory.path);
    await using again = await startCache(upstream, { data: directory.path });
    expect(await pull(again, digest)).toBe(digest);
    expect(blobGets(upstream)).toEqual([undefined, `bytes=${leftBytes}-`]);
  });
});

/** How much of a blob on its way is on the disk. */
function sizeOfTransfer(data: string): number {
  const directory = join(data, "proxy");
  const name = existsSync(directory) ? readdirSync(directory).find((entry) => entry.startsWith("sha256")) : undefined;
  return name === undefined ? 0 : (statSync(join(directory, name), { throwIfNoEntry: false })?.size ?? 0);
}

describe.skipIf(!hasCurl)("a wrong blob", () => {
  const right = new Uint8Array(randomBytes(3 * mebibyte));
  const wrong = new Uint8Array(randomBytes(3 * mebibyte));

  test("ends in a broken connection before its last bytes, and is not kept", async () => {
    using directory = temporaryDirectory();
    await using upstream = await startUpstream();
    const digest = upstream.addBlob(right);
    upstream.behave(behaviours.wrongBlob(wrong));
    await using cache = await startCache(upstream);
    const file = join(directory.path, "blob");
    const url = `${cache.url}/v2/team/app/blobs/${digest}`;
    const { code } = await run(["curl", "-sS", "-o", file, url]);
    const sizeBytes = existsSync(file) ? statSync(file).size : 0;
    expect([code !== 0, sizeBytes <= wrong.length - 64 * 1024]).toEqual([true, true]);
    upstream.behave(undefined);
    expect(await pull(cache, digest)).toBe(digest);
    await waitUntil("the log tells of it", () => cache.stderr().includes("wrong content from upstream"));
  });

  test("that is small is answered with 502", async () => {
    await using upstream = await startUpstream();
    const digest = upstream.addBlob(right.subarray(0, 1000));
    upstream.behave(behaviours.wrongBlob(wrong.subarray(0, 1000)));
    await using cache = await startCache(upstream);
    expect((await cache.fetch(`/v2/team/app/blobs/${digest}`)).status).toBe(502);
  });

  test("without an end is cut where a manifest says that it ends", async () => {
    await using upstream = await startUpstream();
    const digest = digestOf(right);
    const config = { mediaType: "application/vnd.oci.image.config.v1+json", digest, size: right.length };
    const mediaType = "application/vnd.oci.image.manifest.v1+json";
    upstream.addManifest("team/app", "latest", JSON.stringify({ schemaVersion: 2, mediaType, config, layers: [] }));
    await using cache = await startCache(upstream);
    expect((await cache.fetch("/v2/team/app/manifests/latest")).status).toBe(200);
    upstream.behave(behaviours.endlessBlob(new Uint8Array(mebibyte)));
    const { code } = await run(["curl", "-sS", "-o", "/dev/null", `${cache.url}/v2/team/app/blobs/${digest}`]);
    expect(code).not.toBe(0);
  });
});

test("a cold blob goes to the client as it comes", async () => {
  await using upstream = await startUpstream();
  const blob = new Uint8Array(randomBytes(2 * mebibyte));
  const digest = upstream.addBlob(blob);
  const seen = Promise.withResolvers<void>();
  upstream.behave(async ({ method }, response) => {
    if (method !== "GET") return false;
    response.writeHead(200, { "Content-Length": blob.length });
    response.write(blob.subarray(0, mebibyte));
    // The rest waits for the client to have got what came first.
    await seen.promise;
    response.end(blob.subarray(mebibyte));
    return true;
  });
  await using cache = await startCache(upstream);
  const response = await cache.fetch(`/v2/team/app/blobs/${digest}`);
  const pieces: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const piece of response.body ?? []) {
    pieces.push(piece);
    sizeBytes += piece.length;
    if (sizeBytes >= mebibyte - 64 * 1024) seen.resolve();
  }
  expect(Buffer.concat(pieces).equals(blob)).toBe(true);
});

test("a cold blob has a size for HEAD, and parts for Range", async () => {
  await using upstream = await startUpstream();
  const blob = new Uint8Array(randomBytes(2 * mebibyte));
  const digest = upstream.addBlob(blob);
  await using cache = await startCache(upstream);
  const head = await cache.fetch(`/v2/team/app/blobs/${digest}`, { method: "HEAD" });
  const part = await cache.fetch(`/v2/team/app/blobs/${digest}`, { headers: { Range: "bytes=1000000-1000009" } });
  expect([head.headers.get("content-length"), part.status, part.headers.get("content-range")]).toEqual([
    String(blob.length),
    206,
    `bytes 1000000-1000009/${blob.length}`,
  ]);
  expect(Buffer.from(await part.bytes()).equals(blob.subarray(1_000_000, 1_000_010))).toBe(true);
});

test("what is not used goes, and its space with it", async () => {
  using directory = temporaryDirectory();
  await using upstream = await startUpstream();
  const blob = new Uint8Array(randomBytes(mebibyte));
  const digest = upstream.addBlob(blob);
  const env = { REGISTRY_PROXY_TTL: "2s" };
  await using cache = await startCache(upstream, { data: directory.path, env });
  await pull(cache, digest);
  const place = join(directory.path, "docker/registry/v2/blobs/sha256", digest.slice(7, 9), digest.slice(7), "data");
  await waitUntil("the blob is there", () => existsSync(place));
  await waitUntil("the blob is gone", () => !existsSync(place));
  const trash = join(directory.path, "trash/blobs/sha256", digest.slice(7, 9));
  await waitUntil("its bytes are gone", () => readdirSync(trash).length === 0);
  expect(await pull(cache, digest)).toBe(digest);
});

test("HTTP_PROXY leads to upstreams that only the proxy knows, and NO_PROXY past it", async () => {
  await using upstream = await startUpstream();
  const digest = upstream.addBlob(new Uint8Array(randomBytes(1000)));
  const seen: string[] = [];
  const proxy = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => {
      seen.push(request.headers.get("host") ?? "");
      return fetch(new URL(new URL(request.url).pathname, upstream.url));
    },
  });
  const env = { HTTP_PROXY: `http://127.0.0.1:${proxy.port}`, NO_PROXY: "127.0.0.1" };
  await using cache = await startCache({ url: new URL("http://upstream.invalid") }, { env });
  expect(await pull(cache, digest)).toBe(digest);
  await using direct = await startCache(upstream, { env });
  expect(await pull(direct, digest)).toBe(digest);
  await proxy.stop(true);
  expect(new Set(seen)).toEqual(new Set(["upstream.invalid"]));
});

test("metrics of the cache are served on their own address", async () => {
  await using upstream = await startUpstream();
  const digest = upstream.addBlob(new Uint8Array(1000));
  const metrics = metricsAt();
  await using cache = await startCache(upstream, { env: metrics.env });
  await pull(cache, digest);
  await pull(cache, digest);
  const text = await metrics.read();
  const lines = ["requests", "hits", "misses"].map(
    (name) => new RegExp(`^registry_proxy_${name}_total{type="blob"} (\\d+)$`, "m").exec(text)?.[1],
  );
  expect(lines).toEqual(["2", "1", "1"]);
  expect(text).toContain('registry_proxy_pulled_bytes_total{type="blob"} 1000\n');
});
