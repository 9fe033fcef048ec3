import { describe, expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { connect } from "node:tls";
import { type ListenOptions, type RunningServer, startServer, type TlsMaterial } from "../../src/http/server.ts";
import { contentOf } from "../../src/lib/content.ts";
import { parseSubjectName } from "../../src/lib/subject-names.ts";
import type { Digest } from "../../src/oci/digest.ts";
import type { Registry } from "../../src/registry/registry.ts";
import { type CertificatePair, createAuthority, issueServerCertificate } from "../../src/tls/self-signed.ts";
import { digestOf, type MemoryRegistry, type MemoryRegistryChanges, memoryRegistry } from "./memory-registry.ts";
import { openConnection, parseAnswer } from "./raw-connection.ts";

const text = "0123456789";
const digest = digestOf(text);
const uploads = "/v2/a/blobs/uploads/";

interface Running extends AsyncDisposable {
  readonly server: RunningServer;
  readonly memory: MemoryRegistry;
}

function start(listen: Partial<ListenOptions> = {}, changes: MemoryRegistryChanges = {}): Running {
  const memory = memoryRegistry(changes);
  const server = startServer({ hostname: "127.0.0.1", port: 0, tls: undefined, ...listen }, memory.options);
  return { server, memory, [Symbol.asyncDispose]: async () => void (await server.stop(0)) };
}

async function makeAuthority(): Promise<{ ca: string; issue: () => Promise<TlsMaterial> }> {
  const nowMs = Date.now();
  const authority: CertificatePair = await createAuthority({ hostName: "host", key: "ecdsa", nowMs });
  const names = ["localhost", "127.0.0.1"].flatMap((name) => parseSubjectName(name) ?? []);
  return {
    ca: authority.certificatePem,
    issue: async () => {
      const pair = await issueServerCertificate(authority, { names, key: "ecdsa", days: 397, nowMs });
      return { certificate: pair.certificatePem, key: pair.keyPem, minimum: "tls1.2" };
    },
  };
}

/** The head of an upload of the text, whose body is still to come. */
const uploadHead = `POST ${uploads}?digest=${digest} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${text.length}\r\n`;

/** An upload whose head the server has read. */
async function beginUpload(port: number, ca?: string) {
  const connection = await openConnection({ port, ca });
  connection.send(`${uploadHead}Expect: 100-continue\r\n\r\n`);
  await connection.seen(/^HTTP\/1\.1 100 Continue\r\n\r\n/);
  return {
    finish: async () => {
      connection.send(text);
      return parseAnswer((await connection.seen(/ 100 Continue\r\n\r\n[\s\S]*\r\n\r\n/)).replace(/^.*?\r\n\r\n/s, ""));
    },
    closed: connection.closed,
    [Symbol.dispose]: connection[Symbol.dispose],
  };
}

describe("a request that dispatch() would not get as a Request of its own", () => {
  const blob = `/v2/a/blobs/${digest}`;

  test.each([
    ["GET /v2/ HTTP/1.1\r\nHost: localhost", 200, ""],
    // Health checks of load balancers.
    ["GET / HTTP/1.0", 200, ""],
    ["GET /v2/ HTTP/1.0", 200, ""],
    [`GET ${blob} HTTP/1.0`, 404, "BLOB_UNKNOWN"],
    ["GET /v2/ HTTP/1.1\r\nHost: a@b", 400, "UNSUPPORTED"],
    ["GET /v2/ HTTP/1.1\r\nHost: a b", 400, "UNSUPPORTED"],
    ["GET /v2/ HTTP/1.1\r\nHost: [::1", 400, "UNSUPPORTED"],
    ["GET /v2/ HTTP/1.1\r\nHost: a:99999", 400, "UNSUPPORTED"],
    ["GET /v2/ HTTP/1.1\r\nHost: a\r\nHost: b", 400, "UNSUPPORTED"],
    ["CONNECT localhost:443 HTTP/1.1\r\nHost: localhost:443", 405, "UNSUPPORTED"],
    ["TRACE /v2/ HTTP/1.1\r\nHost: localhost", 405, "UNSUPPORTED"],
    ["GET http://other.example/v2/ HTTP/1.1\r\nHost: localhost", 200, ""],
    ["GET /v2/../etc/passwd HTTP/1.1\r\nHost: localhost", 404, "UNSUPPORTED"],
    [`GET ${blob}#fragment HTTP/1.1\r\nHost: localhost`, 404, "BLOB_UNKNOWN"],
  ])("%j", async (head, status, code) => {
    await using running = start();
    using connection = await openConnection({ port: running.server.port });
    connection.send(`${head}\r\nConnection: close\r\n\r\n`);
    const { status: answered, body } = parseAnswer(await connection.closed());
    expect([answered, /"code":"(\w+)"/.exec(body)?.[1] ?? ""]).toEqual([status, code]);
  });
});

describe("startServer()", () => {
  test("has no limit of its own for bodies", async () => {
    await using running = start();
    using connection = await openConnection({ port: running.server.port });
    const target = `${uploads}00000000-0000-4000-8000-000000000009`;
    connection.send(`PATCH ${target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000000\r\n\r\n`);
    expect(parseAnswer(await connection.seen(/BLOB_UPLOAD_UNKNOWN/)).status).toEqual(404);
  });

  test("shows nothing of itself where what it sends was deleted meanwhile", async () => {
    const memory = memoryRegistry();
    const missing = contentOf(Bun.file("/nowhere/at/all"), 10);
    const repository: Registry["repository"] = (...asked) => {
      const own = memory.registry.repository(...asked);
      const open = async (of: Digest) => ({ digest: of, sizeBytes: 10, content: missing });
      return { ...own, blobs: { ...own.blobs, open } };
    };
    await using running = start({}, { registry: { ...memory.registry, repository } });
    const response = await fetch(`http://127.0.0.1:${running.server.port}/v2/a/blobs/${digest}`);
    expect([response.status, await response.json()]).toEqual([
      503,
      { errors: [{ code: "UNAVAILABLE", message: "the content was deleted meanwhile" }] },
    ]);
  });

  test.each(["127.0.0.1", undefined])("throws EADDRINUSE for a port that another one has, on %p", async (hostname) => {
    await using running = start({ hostname });
    const second = () => startServer({ hostname, port: running.server.port, tls: undefined }, running.memory.options);
    expect(second).toThrow(expect.objectContaining({ code: "EADDRINUSE" }));
    expect((await fetch(`http://127.0.0.1:${running.server.port}/v2/`)).status).toEqual(200);
  });

  test(
    "cuts connections that rest, also after an upload, but not an upload that rests: that has a watchdog of its own",
    async () => {
      await using running = start({ idleSeconds: 1 });
      const { port } = running.server;
      using resting = await openConnection({ port });
      resting.send("GET /v2/ HTTP/1.1\r\nHost: localhost\r\n\r\n");
      using finished = await openConnection({ port });
      finished.send(`${uploadHead}\r\n${text}`);
      using upload = await beginUpload(port);
      const ends = await Promise.all([resting.closed(), finished.closed()]);
      expect([...ends.map((end) => parseAnswer(end).status), (await upload.finish()).status]).toEqual([200, 201, 201]);
    },
    { timeout: 30_000 },
  );
});

test.each(["127.0.0.1", "::"])("the log says who asked, where the server listens on %s", async (hostname) => {
  await using running = start({ hostname });
  const { port } = running.server;
  await fetch(`http://127.0.0.1:${port}/v2/`);
  await fetch(`http://127.0.0.1:${port}/v2/a/manifests/b`, { method: "PUT", body: "{}" });
  expect(running.memory.log.map(({ method, remote }) => [method, remote])).toEqual([
    ["GET", "127.0.0.1"],
    ["PUT", "127.0.0.1"],
  ]);
});

describe("adapt()", () => {
  const ask = "GET /v2/ HTTP/1.1\r\nHost: localhost\r\n\r\n";

  test("with little room connections end with their request", async () => {
    await using running = start();
    using connection = await openConnection({ port: running.server.port });
    running.server.adapt("little");
    connection.send(ask);
    expect(parseAnswer(await connection.closed()).status).toEqual(200);
  });

  test("where it is full requests are to come again, in a new connection, until there is room", async () => {
    await using running = start();
    const { server } = running;
    server.adapt("full");
    using asking = await openConnection({ port: server.port });
    asking.send(ask);
    const { status, head, body } = parseAnswer(await asking.closed());
    expect([status, /^retry-after: (.*)$/im.exec(head)?.[1], body]).toEqual([
      503,
      "1",
      expect.stringContaining("too many connections"),
    ]);
    server.adapt("enough");
    expect((await fetch(`http://127.0.0.1:${server.port}/v2/`)).status).toEqual(200);
  });

  test("where it is full connections that have not sent a request are cut, and others are accepted", async () => {
    await using running = start();
    const { server } = running;
    using asking = await openConnection({ port: server.port });
    asking.send(ask.slice(0, -2));
    await fetch(`http://127.0.0.1:${server.port}/v2/`);
    const filling = setInterval(() => server.adapt("full"), 20);
    expect(await asking.closed()).toEqual("");
    clearInterval(filling);
    server.adapt("enough");
    expect((await fetch(`http://127.0.0.1:${server.port}/v2/`)).status).toEqual(200);
  });

  test("without room connections are refused, requests are to come again, and what is in flight is finished", async () => {
    await using running = start();
    const { server } = running;
    using upload = await beginUpload(server.port);
    using asking = await openConnection({ port: server.port });
    asking.send(ask.slice(0, -2));
    await fetch(`http://127.0.0.1:${server.port}/v2/`);
    server.adapt("none");
    expect(await openConnection({ port: server.port }).catch((error: unknown) => error)).toBeInstanceOf(Error);
    asking.send("\r\n");
    const { status, head } = parseAnswer(await asking.closed());
    expect([status, /^retry-after: (.*)$/im.exec(head)?.[1]]).toEqual([503, "1"]);
    expect((await upload.finish()).status).toEqual(201);
    server.adapt("little");
    expect(await openConnection({ port: server.port }).catch((error: unknown) => error)).toBeInstanceOf(Error);
    server.adapt("enough");
    expect((await fetch(`http://127.0.0.1:${server.port}/v2/`)).status).toEqual(200);
  });

  test("without room connections that have not sent a request are cut, once nothing is in flight", async () => {
    await using running = start();
    using asking = await openConnection({ port: running.server.port });
    asking.send(ask.slice(0, -2));
    await fetch(`http://127.0.0.1:${running.server.port}/v2/`);
    running.server.adapt("none");
    expect(await asking.closed()).toEqual("");
  });
});

describe("stop()", () => {
  test("takes no new connection and finishes the requests in flight", async () => {
    await using running = start();
    const { server } = running;
    using upload = await beginUpload(server.port);
    const stopped = server.stop(10_000);
    expect(await openConnection({ port: server.port }).catch((error: unknown) => error)).toBeInstanceOf(Error);
    const { status } = await upload.finish();
    expect([status, await stopped]).toEqual([201, 0]);
  });

  test("cuts what is left after its time, and tells how much that was", async () => {
    await using running = start();
    using upload = await beginUpload(running.server.port);
    expect(await running.server.stop(1)).toBe(1);
    expect(await upload.closed()).not.toContain(" 201 ");
  });
});

describe("with TLS", () => {
  test("a replaced certificate is shown to new connections, and requests in flight are finished", async () => {
    const { ca, issue } = await makeAuthority();
    const [first, second] = [await issue(), await issue()];
    await using running = start({ tls: first });
    const { server } = running;
    const shown = () => shownCertificate(server.port, { ca });
    using upload = await beginUpload(server.port, ca);
    const before = await shown();
    server.replaceCertificate(second);
    const after = await shown();
    const { status } = await upload.finish();
    expect([before, after, status]).toEqual([fingerprint(first), fingerprint(second), 201]);
    await server.stop(10_000);
    expect(await shown().catch((error: unknown) => error)).toBeInstanceOf(Error);
  });

  test.each([
    ["tls1.2", "TLSv1.1", false],
    ["tls1.2", "TLSv1.2", true],
    ["tls1.2", "TLSv1.3", true],
    ["tls1.3", "TLSv1.2", false],
    ["tls1.3", "TLSv1.3", true],
  ] as const)("from %s on, a client with %s: %p", async (minimum, version, isServed) => {
    const { ca, issue } = await makeAuthority();
    await using running = start({ tls: { ...(await issue()), minimum } });
    const versions = { minVersion: version, maxVersion: version };
    const answer = await shownCertificate(running.server.port, { ca, ...versions }).catch((error: unknown) => error);
    expect(answer instanceof Error).toEqual(!isServed);
  });

  test.each([
    ["ECDHE-ECDSA-AES128-GCM-SHA256", true],
    ["ECDHE-ECDSA-AES128-SHA", false],
    ["ECDHE-ECDSA-AES256-SHA", false],
  ])("a client of TLS 1.2 with %s alone: %p", async (ciphers, isServed) => {
    const { ca, issue } = await makeAuthority();
    await using running = start({ tls: await issue() });
    const options = { ca, ciphers, maxVersion: "TLSv1.2" } as const;
    const answer = await shownCertificate(running.server.port, options).catch((error: unknown) => error);
    expect(answer instanceof Error).toEqual(!isServed);
  });
});

function fingerprint({ certificate }: TlsMaterial): string {
  return new X509Certificate(certificate).fingerprint256;
}

/** The fingerprint of the certificate that the server shows. */
async function shownCertificate(port: number, options: Parameters<typeof connect>[0]): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect({ host: "127.0.0.1", port, ...(options as object) });
  socket.on("secureConnect", () => resolve(socket.getPeerCertificate().fingerprint256)).on("error", reject);
  socket.on("close", () => reject(new Error("closed")));
  return await promise.finally(() => socket.destroy());
}
