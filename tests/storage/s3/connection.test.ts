import { expect, test } from "bun:test";
import { describe, exchange } from "../../../src/storage/s3/connection.ts";
import { openBucket } from "./bucket.ts";

/** What goes over the wire to a server of the test's own. */
async function exchangeOverWire(handle: (request: Request) => Response | Promise<Response>, patienceMs?: number) {
  using server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: handle });
  const { client } = openBucket();
  const bucket = { endpoint: server.url, bucket: "images", isPathStyle: true, prefix: "" };
  const body = new TextEncoder().encode("bytes");
  const options = { ...client.options, bucket, send: fetch };
  const answer = await exchange({ method: "PUT", key: "a b", body, patienceMs }, options);
  return { status: answer.status, text: Buffer.concat(await Array.fromAsync(answer.chunks())).toString() };
}

test("an exchange sends a signed request and reads its answer", async () => {
  const seen: unknown[] = [];
  const answer = await exchangeOverWire(async (request) => {
    const { headers } = request;
    seen.push(
      new URL(request.url).pathname,
      await request.text(),
      headers.get("user-agent"),
      headers.get("content-length"),
    );
    seen.push(headers.get("x-amz-content-sha256"), headers.get("authorization")?.slice(0, 27));
    return new Response("fine", { status: 201 });
  });
  expect([answer, seen]).toEqual([
    { status: 201, text: "fine" },
    [
      "/images/a%20b",
      "bytes",
      "registry",
      "5",
      new Bun.CryptoHasher("sha256").update("bytes").digest("hex"),
      "AWS4-HMAC-SHA256 Credential",
    ],
  ]);
});

test("a redirect is an answer, and followed nowhere", async () => {
  const answer = await exchangeOverWire(() => Response.redirect("http://127.0.0.1:1/", 307));
  expect(answer.status).toBe(307);
});

test("a store that says nothing in time has not answered", async () => {
  const failure = await exchangeOverWire(() => new Promise<Response>(() => {}), 20).catch(
    (error: Error) => error.message,
  );
  expect(failure).toBe("PUT a b was not answered (in time)");
});

test("a body that stands still has not been answered either", async () => {
  const stalling = () =>
    new Response(new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(10)) }));
  const failure = await exchangeOverWire(stalling, 50).catch((error: Error) => error.message);
  expect(failure).toBe("PUT a b was not answered (in time)");
});

test("describe() names what a request is about, and no identifiers", () => {
  expect([
    describe({ method: "GET", key: "", query: { "list-type": "2" } }),
    describe({ method: "PUT", key: "a/b", query: { partNumber: "1", uploadId: "secret" } }),
  ]).toEqual(["GET of the bucket (list-type)", "PUT a/b (partNumber)"]);
});

test("a body is copied when its request is sent: what was given up reads no memory that belongs to others by then", async () => {
  const received = Promise.withResolvers<string>();
  using server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      const bytes = await request.bytes();
      received.resolve(`${bytes.length} bytes of ${[...new Set(bytes)].join(" and ")}`);
      return new Response();
    },
  });
  const body = new Uint8Array(3_000_000).fill(7);
  const sent: Promise<Response>[] = [];
  const send = async (_url: string, init: BunFetchRequestInit) => {
    sent.push(fetch(server.url, { ...init, signal: null }));
    body.fill(9).buffer.transfer(0);
    throw new DOMException("no answer in time", "TimeoutError");
  };
  const failure = exchange({ method: "PUT", key: "a", body }, { ...openBucket().client.options, send }).catch(String);
  expect([await failure, await received.promise, body.length]).toEqual([
    "S3Failure: PUT a was not answered (in time)",
    "3000000 bytes of 7",
    0,
  ]);
  // The server may go only when it has answered.
  await Promise.all(sent);
});
