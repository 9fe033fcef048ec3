// One upload session at a registry that may answer anything.
import { expect, test } from "bun:test";
import { askSession, closeSession, openSession, sendPiece } from "../../src/client/upload-session.ts";
import { codeOf } from "../registry/refused.ts";
import { digestOf, named } from "../registry/stocked.ts";
import { startFaultyRegistry } from "../transfer/faulty-registry.ts";

const signal = new AbortController().signal;
const digest = digestOf("x");

async function withAnswer<T>(
  answer: Response,
  work: (target: Parameters<typeof openSession>[0], location: URL) => Promise<T>,
): Promise<T> {
  await using registry = startFaultyRegistry();
  registry.fail(() => answer);
  const { api, name, now } = registry.repository("app");
  return await work({ client: api.client, name, now }, new URL("/v2/app/blobs/uploads/1", registry.url));
}

test.each([
  [202, { Location: "/v2/app/blobs/uploads/7" }, "session"],
  [201, {}, "mounted"],
])("opening answers %p: %p", async (status, headers, kind) => {
  const mount = { digest, from: named("other") };
  const opened = await withAnswer(new Response("", { status, headers }), (target) =>
    openSession(target, { mount, signal }),
  );
  expect(opened.kind as string).toBe(kind);
});

test.each([
  ["no address", {}],
  ["an address of another kind", { Location: "ftp://127.0.0.1/" }],
  ["an address elsewhere", { Location: "http://10.0.0.1/" }],
])("a session with %s is refused", async (_name, headers) => {
  const answer = new Response("", { status: 202, headers });
  expect(await codeOf(withAnswer(answer, (target) => openSession(target, { signal })))).toBe("UPSTREAM_INVALID");
});

test.each([
  [202, "URL"],
  [404, "gone"],
  [413, "too-large"],
  [416, "other-range"],
])("a piece is answered with %p: %p", async (status, want) => {
  const answer = new Response("", { status, headers: { Location: "/v2/app/blobs/uploads/1" } });
  const piece = { body: "x", lengthBytes: 1, startBytes: 0 };
  const outcome = await withAnswer(answer, (target, location) => sendPiece(target, location, { piece, signal }));
  expect(outcome instanceof URL ? "URL" : outcome).toBe(want as never);
});

test("a piece may be refused for another reason", async () => {
  const piece = { body: "x", lengthBytes: 1, startBytes: 0 };
  const sending = withAnswer(new Response("", { status: 400 }), (target, location) =>
    sendPiece(target, location, { piece, signal }),
  );
  expect(await codeOf(sending)).toBe("UPSTREAM_INVALID");
});

const digestError = JSON.stringify({ errors: [{ code: "DIGEST_INVALID", message: "" }] });

test.each([
  [201, "", "stored"],
  [404, "", "gone"],
  [413, "", "too-large"],
  [400, digestError, "refused"],
])("closing is answered with %p: %p", async (status, body, want) => {
  const outcome = await withAnswer(new Response(body, { status }), (target, location) =>
    closeSession(target, location, { digest, signal }),
  );
  expect(outcome as string).toBe(want as string);
});

test("closing may be refused for another reason", async () => {
  const closing = withAnswer(new Response("", { status: 400 }), (target, location) =>
    closeSession(target, location, { digest, signal }),
  );
  expect(await codeOf(closing)).toBe("UPSTREAM_INVALID");
});

test.each([
  [204, { Range: "0-9" }, 10],
  [204, { Range: "bytes=0-9" }, 10],
  [204, { Range: "0-0" }, 0],
  [204, {}, 0],
  [404, {}, "gone"],
])("asked how far it is a registry says %p %p", async (status, headers, want) => {
  const state = await withAnswer(new Response(null, { status, headers }), (target, location) =>
    askSession(target, location, signal),
  );
  expect(state === "gone" ? state : state.sizeBytes).toBe(want as never);
});
