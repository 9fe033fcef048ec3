// http.limits on the executable: what only the runtime can enforce, and that the keys reach what enforces the rest.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { openConnection, parseAnswer } from "../http/raw-connection.ts";
import { type StartedRegistry, startRegistry } from "./executable.ts";
import { openUpload } from "./image.ts";
import { waitUntil } from "./program.ts";

const limits =
  "{idletimeout: 4s, headersize: 16KiB, sessions: 2, uploads: 1, blobsize: 10MB, stalltimeout: 2s, manifestsize: 1KiB}";
const head = "GET /v2/ HTTP/1.1\r\nHost: localhost\r\n";

describe.each<["http" | "https"]>([["http"], ["https"]])("over %s", (scheme) => {
  let registry: StartedRegistry;
  beforeAll(async () => {
    const args = ["--log-format", "json", ...(scheme === "http" ? ["--http"] : [])];
    registry = await startRegistry({ args, env: { REGISTRY_HTTP_LIMITS: limits } });
  });
  afterAll(async () => {
    await registry[Symbol.asyncDispose]();
  });
  const connect = async () =>
    openConnection({
      port: registry.port,
      ca: scheme === "http" ? undefined : await Bun.file(registry.ca).text(),
    });

  test.concurrent("a request head that trickles is cut, however steadily", async () => {
    using connection = await connect();
    connection.send(`${head}X-Long: `);
    const trickling = setInterval(() => connection.send("x"), 500);
    expect(await connection.closed()).toBe("");
    clearInterval(trickling);
  });

  test.concurrent("a connection that begins no handshake or request is cut", async () => {
    using connection = await openConnection({ port: registry.port });
    connection.send(scheme === "http" ? "G" : "\x16\x03\x01");
    expect(await connection.closed()).toBe("");
  });

  test.concurrent("a body that stalls is answered", async () => {
    const location = await openUpload(registry, "stalled");
    using connection = await connect();
    const { pathname } = new URL(location, registry.url);
    connection.send(`PATCH ${pathname} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n1`);
    expect(parseAnswer(await connection.closed())).toMatchObject({ status: 408 });
    await registry.fetch(location, { method: "DELETE" });
  });

  test.each([
    [1000, 200],
    [20_000, 431],
    // Bun's own answer, without a body.
    [70_000, 431],
  ])("a head of %p bytes: %p", async (sizeBytes, status) => {
    const answer = await registry.fetch("/v2/", { headers: { "X-Long": "x".repeat(sizeBytes) } });
    expect(answer.status).toBe(status);
  });

  test("sizes and open sessions, and one line in the log for each refusal", async () => {
    const manifest = await registry.fetch("/v2/a/manifests/v1", { method: "PUT", body: " ".repeat(1025) });
    const blob = await registry.fetch(`/v2/a/blobs/uploads/?digest=sha256:${"0".repeat(64)}`, {
      method: "POST",
      body: new Uint8Array(10_000_001),
    });
    const start = async () => (await registry.fetch("/v2/a/blobs/uploads/", { method: "POST" })).status;
    expect([manifest.status, blob.status, await start(), await start(), await start()]).toEqual([
      413, 413, 202, 202, 429,
    ]);
    const refused = () =>
      registry
        .stderr()
        .split("\n")
        .filter((line) => line.includes("request refused"));
    await waitUntil("the last refusal is in the log", () => refused().some((line) => line.includes("sessions is 2")));
    expect(
      refused()
        .map((line) => (JSON.parse(line) as { readonly reason: string }).reason)
        .sort(),
    ).toEqual([
      "BLOB_TOO_LARGE: http.limits.blobsize is 10000000",
      "HEAD_TOO_LARGE: http.limits.headersize is 16384",
      "TOO_LARGE",
      "UPLOAD_STALLED",
      "too many uploads are open; finish or cancel some, and try again: http.limits.sessions is 2",
    ]);
  });
});
