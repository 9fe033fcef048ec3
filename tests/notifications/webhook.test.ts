import { describe, expect, test } from "bun:test";
import { postEnvelope, type WebhookOptions } from "../../src/notifications/webhook.ts";

const never = new AbortController().signal;

/** A receiver on the loopback interface, and what it got. */
function receiver(answer: (request: Request) => Response | Promise<Response>) {
  const seen: { readonly path: string; readonly headers: Headers; readonly body: string }[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: async (request) => {
      seen.push({ path: new URL(request.url).pathname, headers: request.headers, body: await request.text() });
      return await answer(request);
    },
  });
  return { seen, port: server.port, [Symbol.dispose]: () => void server.stop(true) };
}

function optionsFor(url: string, changes: Partial<WebhookOptions> = {}): WebhookOptions {
  return { url, headers: {}, timeoutMs: 60_000, authorities: undefined, fetch, ...changes };
}

describe("postEnvelope()", () => {
  test("posts the body with the media type and the configured headers", async () => {
    using there = receiver(() => new Response("ok", { status: 202 }));
    const headers = { "X-Token": ["a", "b"], Authorization: ["Bearer c"] };
    const url = `http://user:p%40ss@127.0.0.1:${there.port}/hook?x=1`;
    expect(await postEnvelope("{}", optionsFor(url, { headers }), never)).toEqual({ kind: "delivered", status: 202 });
    const [request] = there.seen;
    expect([
      request?.path,
      request?.body,
      ...["content-type", "x-token", "authorization"].map((name) => request?.headers.get(name)),
    ]).toEqual(["/hook", "{}", "application/vnd.docker.distribution.events.v2+json", "a, b", "Bearer c"]);
  });

  test("sends the user of the URL as Basic credentials", async () => {
    using there = receiver(() => new Response());
    await postEnvelope("{}", optionsFor(`http://user:p%40ss@127.0.0.1:${there.port}/`), never);
    expect(there.seen[0]?.headers.get("authorization")).toBe(`Basic ${btoa("user:p@ss")}`);
  });

  test.each([400, 404, 500, 503, 301])("an answer with %d is a refusal", async (status) => {
    using there = receiver(() => new Response("no", { status, headers: { Location: "/elsewhere" } }));
    const outcome = await postEnvelope("{}", optionsFor(`http://127.0.0.1:${there.port}/`), never);
    expect([outcome.kind, there.seen.length]).toEqual(["refused", 1]);
  });

  test("follows a redirect that keeps the body; secrets stay with the configured host", async () => {
    using there = receiver((request) => {
      const location = `http://localhost:${there.port}/moved`;
      return request.url.endsWith("/hook")
        ? new Response(null, { status: 307, headers: { Location: location } })
        : new Response();
    });
    const options = optionsFor(`http://127.0.0.1:${there.port}/hook`, { headers: { "X-Token": ["secret"] } });
    expect(await postEnvelope("{}", options, never)).toEqual({ kind: "delivered", status: 200 });
    expect(there.seen.map(({ path, body, headers }) => [path, body, headers.get("x-token")])).toEqual([
      ["/hook", "{}", "secret"],
      ["/moved", "{}", null],
    ]);
  });

  test("another port of the configured host belongs to somebody else, who gets no secrets", async () => {
    using other = receiver(() => new Response());
    using there = receiver(
      () => new Response(null, { status: 307, headers: { Location: `http://127.0.0.1:${other.port}/moved` } }),
    );
    const url = `http://user:pass@127.0.0.1:${there.port}/hook`;
    expect(await postEnvelope("{}", optionsFor(url, { headers: { "X-Token": ["secret"] } }), never)).toEqual({
      kind: "delivered",
      status: 200,
    });
    expect(["x-token", "authorization"].map((name) => other.seen[0]?.headers.get(name))).toEqual([null, null]);
  });

  test("redirects in a circle end", async () => {
    using there = receiver(() => new Response(null, { status: 308, headers: { Location: "/" } }));
    const outcome = await postEnvelope("{}", optionsFor(`http://127.0.0.1:${there.port}/`), never);
    expect([outcome.kind, there.seen.length]).toEqual(["refused", 6]);
  });

  test("gives up on a receiver that does not answer in time", async () => {
    using there = receiver(() => new Promise<Response>(() => undefined));
    const outcome = await postEnvelope("{}", optionsFor(`http://127.0.0.1:${there.port}/`, { timeoutMs: 50 }), never);
    expect(outcome).toEqual({ kind: "unanswered", reason: "no answer within 50 ms" });
  });

  test("says why nobody can be reached", async () => {
    using there = receiver(() => new Response());
    const { port } = there;
    there[Symbol.dispose]();
    const outcome = await postEnvelope("{}", optionsFor(`http://127.0.0.1:${port}/`), never);
    expect(outcome).toEqual({ kind: "unanswered", reason: expect.stringMatching(/ConnectionRefused|ECONNREFUSED/) });
  });
});
