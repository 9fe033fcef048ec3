import { expect, test } from "bun:test";
import { fetchText } from "../../../src/app/access/fetch-text.ts";

const limits = { maxBytes: 1000, timeoutMs: 60_000 };

/** A server with one answer. */
function serve(answer: () => Response | Promise<Response>) {
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: answer });
  return { url: `http://127.0.0.1:${server.port}/`, [Symbol.dispose]: () => void server.stop(true) };
}

test("fetchText() gives the text", async () => {
  using server = serve(() => new Response("x".repeat(1000)));
  expect(await fetchText(server.url, limits)).toHaveLength(1000);
});

test.each([
  ["with another status", () => new Response("no", { status: 404 })],
  ["that leads elsewhere", () => Response.redirect("http://127.0.0.1:1/")],
  ["that is too long", () => new Response("x".repeat(1001))],
  ["that never ends", () => new Response(endless())],
  ["that is no text", () => new Response(new Uint8Array([0xff]))],
])("fetchText() refuses an answer %s", async (_, answer) => {
  using server = serve(answer);
  const failure = await fetchText(server.url, limits).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: "UNAVAILABLE", message: expect.stringContaining("gives no usable answer") });
});

test("fetchText() waits no longer than it is told", async () => {
  using server = serve(() => new Promise<Response>(() => undefined));
  await expect(fetchText(server.url, { ...limits, timeoutMs: 50 })).rejects.toMatchObject({ code: "UNAVAILABLE" });
});

function endless(): ReadableStream<Uint8Array> {
  return new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(100).fill(0x61)) });
}
