// Upstreams that speak TLS: whose certificates are trusted, and what a certificate that is no good does.
import { describe, expect, test } from "bun:test";
import type { AddressInfo } from "node:net";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { parseSubjectName } from "../../src/lib/subject-names.ts";
import { type CertificatePair, createAuthority, issueServerCertificate } from "../../src/tls/self-signed.ts";
import { startRegistry } from "../e2e/executable.ts";
import { requireRoot, waitUntil } from "../e2e/program.ts";
import { digestOf } from "../proxy/misbehaving-upstream.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { pull, refused, startCache } from "./caches.ts";

const dayMs = 24 * 3_600_000;
const blob = new TextEncoder().encode("a blob over TLS");
const digest = digestOf(blob);
const manifest = JSON.stringify({
  schemaVersion: 2,
  mediaType: "application/vnd.oci.image.manifest.v1+json",
  config: { mediaType: "application/vnd.oci.image.config.v1+json", digest, size: blob.length },
  layers: [],
});

/** An authority, and a certificate of it that was made so many days ago for the names. */
async function makeCertificate(agoDays: number, ...subjects: readonly string[]) {
  const nowMs = Date.now() - agoDays * dayMs;
  const authority = await createAuthority({ hostName: "upstream.test", key: "ecdsa", nowMs });
  const names = subjects.flatMap((subject) => parseSubjectName(subject) ?? []);
  return { authority, server: await issueServerCertificate(authority, { names, key: "ecdsa", days: 397, nowMs }) };
}

/** Serves one image over TLS, after whatever `first` answers. */
function serve(
  pair: CertificatePair,
  { port = 0, first = (_path: string, _request: Request): Response | undefined => undefined } = {},
) {
  const requests: string[] = [];
  const server = Bun.serve({
    port,
    hostname: "127.0.0.1",
    tls: { cert: pair.certificatePem, key: pair.keyPem },
    fetch: (request) => {
      const path = new URL(request.url).pathname;
      requests.push(path);
      const answer = first(path, request);
      if (answer !== undefined) return answer;
      if (path.endsWith("/manifests/latest")) return new Response(manifest);
      return path.endsWith(digest) ? new Response(blob) : new Response(null, { status: 404 });
    },
  });
  const url = new URL(`https://127.0.0.1:${server.port}`);
  return { url, port: Number(url.port), requests, [Symbol.asyncDispose]: () => server.stop(true) };
}

test("variables of the runtime neither switch off the check of certificates nor print credentials", async () => {
  const { server } = await makeCertificate(1, "127.0.0.1");
  await using upstream = serve(server);
  const env = {
    NODE_TLS_REJECT_UNAUTHORIZED: "0",
    BUN_CONFIG_VERBOSE_FETCH: "curl",
    REGISTRY_PROXY_USERNAME: "somebody",
    REGISTRY_PROXY_PASSWORD: "secret",
  };
  await using cache = await startCache(upstream, { env });
  expect((await cache.fetch("/v2/team/app/manifests/latest")).status).toBe(502);
  expect(upstream.requests).toEqual([]);
  await waitUntil("the log tells of it", () => cache.stderr().includes("NODE_TLS_REJECT_UNAUTHORIZED is ignored"));
  await waitUntil("the log tells of it", () => cache.stderr().includes("BUN_CONFIG_VERBOSE_FETCH is ignored"));
  expect(`${cache.stdout()}${cache.stderr()}`).not.toMatch(/curl -|HTTP\/1\.1 (GET|HEAD)/);
});

describe("an upstream with a certificate of a private authority", () => {
  test("is trusted where ca names the authority, and refused without it", async () => {
    using directory = temporaryDirectory();
    const ca = join(directory.path, "ca.pem");
    const { authority, server } = await makeCertificate(1, "127.0.0.1");
    await Bun.write(ca, authority.certificatePem);
    await using upstream = serve(server);
    await using stranger = await startCache(upstream);
    for (const path of ["/v2/team/app/manifests/latest", `/v2/team/app/blobs/${digest}`]) {
      expect(await refused(await stranger.fetch(path))).toEqual({
        status: 502,
        code: "UNAVAILABLE",
        message: `${upstream.url.host} cannot be reached: its certificate is not trusted (set ca for this upstream)`,
      });
    }
    expect(upstream.requests).toEqual([]);
    await using cache = await startCache(upstream, { env: { REGISTRY_PROXY_CA: ca } });
    expect((await cache.fetch("/v2/team/app/manifests/latest")).status).toBe(200);
    expect(await pull(cache, digest)).toBe(digest);
    const others = [{ host: "up.test", remoteurl: upstream.url.origin, ca }];
    await using several = await startRegistry({
      args: ["--http"],
      env: { REGISTRY_PROXY_UPSTREAMS: JSON.stringify(others) },
    });
    expect(await pull(several, digest, "up.test/team/app")).toBe(digest);
    const other = await makeCertificate(1, "127.0.0.1");
    await Bun.write(ca, other.authority.certificatePem);
    await using mistaken = await startCache(upstream, { env: { REGISTRY_PROXY_CA: ca } });
    expect((await mistaken.fetch("/v2/team/app/manifests/latest")).status).toBe(502);
  });

  test("cannot be cached with a file that holds no certificate, which is said at the start", async () => {
    using directory = temporaryDirectory();
    const ca = join(directory.path, "ca.pem");
    await Bun.write(ca, "hello\n");
    const start = startCache({ url: new URL("https://127.0.0.1:1") }, { env: { REGISTRY_PROXY_CA: ca } });
    const problem = await start.then(() => "it starts", String);
    expect(problem).toContain(`registry serve: ${ca} (certificates of an upstream): it holds no certificate in PEM\n`);
  });

  test("may have its tokens and its blobs at other hosts with certificates of the same authority", async () => {
    using directory = temporaryDirectory();
    const ca = join(directory.path, "ca.pem");
    const { authority, server } = await makeCertificate(1, "127.0.0.1", "localhost");
    await Bun.write(ca, authority.certificatePem);
    await using elsewhere = serve(server, {
      first: (path) => (path === "/token" ? Response.json({ token: "inner" }) : undefined),
    });
    const other = `https://localhost:${elsewhere.port}`;
    const headers = { "WWW-Authenticate": `Bearer realm="${other}/token"` };
    await using upstream = serve(server, {
      first: (path, request) => {
        if (request.headers.get("authorization") !== "Bearer inner")
          return new Response(null, { status: 401, headers });
        return path.endsWith(digest) ? Response.redirect(`${other}/store/${digest}`, 307) : undefined;
      },
    });
    await using cache = await startCache(upstream, { env: { REGISTRY_PROXY_CA: ca } });
    expect(await pull(cache, digest)).toBe(digest);
    expect(elsewhere.requests).toEqual(["/token", `/store/${digest}`]);
  });

  test.skipIf(!requireRoot())("is trusted where the authority is among the system's", async () => {
    using directory = temporaryDirectory();
    const bundle = join(directory.path, "ca-certificates.crt");
    const { authority, server } = await makeCertificate(1, "127.0.0.1");
    await Bun.write(bundle, authority.certificatePem);
    await using upstream = serve(server);
    const mounts = 'mount --bind "$1" /etc/ssl/certs/ca-certificates.crt; shift; exec "$@"';
    await using cache = await startRegistry({
      args: ["--http"],
      env: { REGISTRY_PROXY_REMOTEURL: upstream.url.origin },
      under: ["unshare", "--mount", "sh", "-c", mounts, "sh", bundle],
    });
    expect(await pull(cache, digest)).toBe(digest);
  });

  test("is refused where the certificate is for another name", async () => {
    using directory = temporaryDirectory();
    const ca = join(directory.path, "ca.pem");
    const { authority, server } = await makeCertificate(1, "other.test");
    await Bun.write(ca, authority.certificatePem);
    await using upstream = serve(server);
    await using cache = await startCache(upstream, { env: { REGISTRY_PROXY_CA: ca } });
    const { status, message } = await refused(await cache.fetch("/v2/team/app/manifests/latest"));
    expect([status, message]).toEqual([
      502,
      `${upstream.url.host} cannot be reached: its certificate is for another name`,
    ]);
  });
});

test("when its certificate expires, what is cached is served with a warning, and what is not is no false 404", async () => {
  using directory = temporaryDirectory();
  const ca = join(directory.path, "ca.pem");
  const [good, expired] = await Promise.all([makeCertificate(1, "127.0.0.1"), makeCertificate(500, "127.0.0.1")]);
  await Bun.write(ca, good.authority.certificatePem + expired.authority.certificatePem);
  const env = { REGISTRY_PROXY_CA: ca, REGISTRY_PROXY_FRESH: "0s" };
  const { cache, port } = await (async () => {
    await using upstream = serve(good.server);
    const started = await startCache(upstream, { env });
    expect((await started.fetch("/v2/team/app/manifests/latest")).status).toBe(200);
    expect(await pull(started, digest)).toBe(digest);
    return { cache: started, port: upstream.port };
  })();
  await using _cache = cache;
  await using upstream = serve(expired.server, { port });
  const stale = await cache.fetch("/v2/team/app/manifests/latest");
  expect([stale.status, stale.headers.get("warning"), await stale.text()]).toEqual([
    200,
    `299 - "served from the cache: ${upstream.url.host} cannot be reached: its certificate has expired"`,
    manifest,
  ]);
  expect(await pull(cache, digest)).toBe(digest);
  for (const path of ["/v2/team/new/manifests/latest", `/v2/team/app/blobs/${digestOf("another")}`]) {
    const { status, message } = await refused(await cache.fetch(path));
    expect([status, message]).toEqual([502, `${upstream.url.host} cannot be reached: its certificate has expired`]);
  }
  expect(upstream.requests).toEqual([]);
});

test("nobody is followed from https down to http, neither along a redirect nor to a token server", async () => {
  using directory = temporaryDirectory();
  const ca = join(directory.path, "ca.pem");
  const { authority, server } = await makeCertificate(1, "127.0.0.1");
  await Bun.write(ca, authority.certificatePem);
  const seen: string[] = [];
  const plain = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: ({ url }) => {
      seen.push(url);
      return new Response(blob);
    },
  });
  const realm = { "WWW-Authenticate": `Bearer realm="http://127.0.0.1:${plain.port}/token"` };
  const there = `http://127.0.0.1:${plain.port}`;
  await using upstream = serve(server, {
    first: (path) =>
      path.startsWith("/v2/team/moved/")
        ? Response.redirect(`http://127.0.0.1:${plain.port}/blob`, 307)
        : new Response(null, { status: 401, headers: realm }),
  });
  const user = { REGISTRY_PROXY_USERNAME: "alice", REGISTRY_PROXY_PASSWORD: "secret" };
  await using cache = await startCache(upstream, { env: { REGISTRY_PROXY_CA: ca, ...user } });
  const moved = await refused(await cache.fetch(`/v2/team/moved/blobs/${digest}`));
  const closed = await refused(await cache.fetch(`/v2/team/closed/blobs/${digest}`));
  await plain.stop(true);
  expect([moved.status, moved.message, closed.status, closed.message, seen]).toEqual([
    502,
    `${upstream.url.host} redirects from https to http; that is not followed`,
    502,
    `${upstream.url.host} has its tokens at ${there}, not https`,
    [],
  ]);
});

/** A proxy for CONNECT that leads everywhere to one port, and notes what it was asked for. */
async function startConnectProxy(target: number) {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.once("data", (head) => {
      asked.push(head.toString().split("\r\n")[0] ?? "");
      const onwards = connect(target, "127.0.0.1", () => {
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
        socket.pipe(onwards).pipe(socket);
      });
      onwards.on("error", () => socket.destroy());
      sockets.add(onwards);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    [Symbol.dispose]: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

test("HTTPS_PROXY leads to upstreams that only the proxy knows, and NO_PROXY past it", async () => {
  using directory = temporaryDirectory();
  const ca = join(directory.path, "ca.pem");
  const { authority, server } = await makeCertificate(1, "127.0.0.1", "hidden.invalid");
  await Bun.write(ca, authority.certificatePem);
  await using upstream = serve(server);
  using proxy = await startConnectProxy(upstream.port);
  const env = { REGISTRY_PROXY_CA: ca, HTTPS_PROXY: proxy.url, NO_PROXY: "127.0.0.1" };
  await using cache = await startCache({ url: new URL("https://hidden.invalid") }, { env });
  expect(await pull(cache, digest)).toBe(digest);
  expect(new Set(proxy.asked)).toEqual(new Set(["CONNECT hidden.invalid:443 HTTP/1.1"]));
  const before = proxy.asked.length;
  await using direct = await startCache(upstream, { env });
  expect([await pull(direct, digest), proxy.asked.length]).toEqual([digest, before]);
});
