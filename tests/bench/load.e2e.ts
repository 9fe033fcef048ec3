// The program that puts load on servers, against a server that counts what it is asked.
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { Load } from "../../bench/load.ts";
import { requireProgram, run } from "../e2e/program.ts";

/** Answers every request of a push and of a pull, and keeps what came. */
function startCounting() {
  const requests: string[] = [];
  const digests = new Map<string, string>();
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      const { origin, pathname, searchParams } = new URL(request.url);
      const bytes = await request.bytes();
      requests.push(`${request.method} ${pathname}`);
      if (pathname === "/v2/missing") return new Response("", { status: 404 });
      if (request.method === "HEAD") return new Response(null, { status: 404 });
      if (request.method === "POST")
        return new Response("", { status: 202, headers: { location: `${origin}/v2/session?state=1` } });
      if (request.method === "PATCH") {
        digests.set("patched", `sha256:${Bun.CryptoHasher.hash("sha256", bytes, "hex")}`);
        return new Response("", { status: 202, headers: { location: "/v2/session" } });
      }
      if (request.method === "PUT") {
        digests.set(searchParams.get("digest") ?? pathname, `sha256:${Bun.CryptoHasher.hash("sha256", bytes, "hex")}`);
        return new Response("", { status: 201 });
      }
      const last = Number(searchParams.get("last") ?? 0);
      const link = pathname === "/v2/pages" && last < 2 ? { link: `</v2/pages?last=${last + 1}>; rel="next"` } : {};
      // A stream has no length: it comes in chunks, as long listings of distribution do.
      const body = pathname === "/v2/pages" ? chunks(new Uint8Array(70_000)) : "0123456789";
      return new Response(body, { headers: { ...link } });
    },
  });
  const target = { url: server.url.origin, ca: "" };
  return { requests, digests, target, [Symbol.asyncDispose]: () => server.stop(true) };
}

/** A stream has no length. */
async function* chunks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

const hasGo = requireProgram("go", "golang-go");

describe.if(hasGo)("bench/load", () => {
  test("its own tests pass, and its format is Go's", async () => {
    const directory = join(import.meta.dir, "../../bench/load");
    expect((await run(["go", "vet", "."], { cwd: directory })).code).toBe(0);
    expect((await run(["go", "test", "."], { cwd: directory })).code).toBe(0);
    expect((await run(["gofmt", "-l", "."], { cwd: directory })).stdout).toBe("");
  });

  test("asks for all targets so many times and counts bytes", async () => {
    await using server = startCounting();
    await using load = new Load();
    const job = {
      kind: "requests",
      method: "GET",
      connections: 3,
      count: 20,
      targets: ["/v2/a", "/v2/b"],
      groupSize: 2,
    } as const;
    const done = await load.run(job, server.target);
    expect(done).toMatchObject({ requests: 40, units: 20, bytes: 400 });
    expect(done.p50Ms).toBeGreaterThan(0);
    expect(done.p99Ms).toBeLessThanOrEqual(done.maxMs);
    expect(server.requests.filter((line) => line === "GET /v2/b")).toHaveLength(20);
  });

  test("ends when the time has passed", async () => {
    await using server = startCounting();
    await using load = new Load();
    const { wallMs } = await load.run(
      { kind: "requests", method: "GET", connections: 2, forMs: 100, targets: ["/v2/a"] },
      server.target,
    );
    expect(wallMs).toBeGreaterThanOrEqual(100);
  });

  test("follows pages to the last one, whose bodies come in chunks", async () => {
    await using server = startCounting();
    await using load = new Load();
    const done = await load.run({ kind: "pages", connections: 1, count: 2, targets: ["/v2/pages"] }, server.target);
    expect(done).toMatchObject({ requests: 6, units: 2, bytes: 6 * 70_000 });
  });

  test.each([false, true])("pushes blobs whose digest is right (in a PATCH: %p)", async (chunked) => {
    await using server = startCounting();
    await using load = new Load();
    const job = {
      kind: "pushBlobs",
      connections: 1,
      count: 1,
      repository: "r",
      seed: "s",
      sizeBytes: 3_000_001,
      chunked,
    } as const;
    const [digest = ""] = await load.describeBlobs(job);
    expect(await load.run(job, server.target)).toMatchObject({ units: 1, bytes: 3_000_001 });
    expect(server.digests.get(chunked ? "patched" : digest)).toBe(digest);
  });

  test("pushes images, each into its own repository, and tells how they are asked for", async () => {
    await using server = startCounting();
    await using load = new Load();
    const job = {
      kind: "pushImages",
      connections: 2,
      count: 2,
      repository: "r",
      spread: true,
      seed: "s",
      blobSizes: [10, 20],
    } as const;
    const [first, second] = await load.describeImages(job);
    expect(await load.run(job, server.target)).toMatchObject({ units: 2, requests: 2 * (2 * 3 + 1), bytes: 60 });
    expect([first?.repository, second?.tag]).toEqual(["r-0", "s-1"]);
    for (const digest of first?.blobs ?? []) expect(server.digests.get(digest)).toBe(digest);
    expect(server.digests.get("/v2/r-0/manifests/s-0")).toBe(first?.digest ?? "");
  });

  test("small requests go on beside pulls and pushes, which end with them", async () => {
    await using server = startCounting();
    await using load = new Load();
    const job = {
      targets: ["/v2/a"],
      pulls: ["/v2/b"],
      pushes: 1,
      everyMs: 5,
      forMs: 100,
      sizeBytes: 100_000,
      repository: "r",
      seed: "s",
    };
    const done = await load.run({ kind: "mixed", connections: 2, ...job }, server.target);
    expect(done.units).toBeGreaterThan(2);
    expect(done.units).toBeLessThanOrEqual(42);
    expect(done.bytes).toBeGreaterThan(100_000);
  });

  test("an answer that is not the right one is an error that names the request; the next job is done", async () => {
    await using server = startCounting();
    await using load = new Load();
    const ask = (targets: readonly string[]) =>
      load.run({ kind: "requests", method: "GET", connections: 1, count: 1, targets }, server.target);
    expect(ask(["/v2/missing"])).rejects.toThrow("GET /v2/missing: answered 404, not 200");
    expect((await ask(["/v2/a"])).units).toBe(1);
  });
});
