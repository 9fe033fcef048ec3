// A push of a blob that does not come to an end. How it goes on is shown in tests/transfer/remote-destination.test.ts.
import { expect, test } from "bun:test";
import { pushBlob } from "../../src/client/push-blob.ts";
import { codeOf } from "../registry/refused.ts";
import { digestOf, utf8 } from "../registry/stocked.ts";
import { type Fault, startFaultyRegistry } from "../transfer/faulty-registry.ts";

async function push(
  fault: Fault,
  signal = new AbortController().signal,
  text = "blob",
): Promise<{ code: string; asked: readonly string[] }> {
  await using registry = startFaultyRegistry();
  registry.fail(fault);
  const { api, name, now } = registry.repository("app");
  const read = async function* () {
    yield utf8(text);
  };
  const blob = { digest: digestOf(text), sizeBytes: text.length, session: undefined, pauseMs: 1, read, signal };
  return { code: await codeOf(pushBlob({ client: api.client, name, now }, blob)), asked: registry.asked };
}

test("a registry that ends every session is given up", async () => {
  const { code, asked } = await push(({ method }) =>
    method === "PUT" ? new Response("", { status: 404 }) : undefined,
  );
  expect([code, asked.filter((line) => line.startsWith("PUT")).length]).toEqual(["UPSTREAM_INVALID", 6]);
});

test("a longer pause than five minutes is not waited for", async () => {
  const headers = { "Retry-After": "3600" };
  const { code } = await push(({ method }) =>
    method === "PUT" ? new Response("", { status: 429, headers }) : undefined,
  );
  expect(code).toBe("UPSTREAM_LIMITED");
});

test("an interruption ends it", async () => {
  const abort = new AbortController();
  const pushing = push((request) => {
    if (request.method !== "PUT") return undefined;
    abort.abort(new Error("interrupted"));
    return new Response("", { status: 503 });
  }, abort.signal);
  expect(pushing).rejects.toThrow("interrupted");
});

test("a registry that always wants another range is given up", async () => {
  const abort = new AbortController();
  let asked = 0;
  const fault: Fault = ({ method }) => {
    if (method === "GET") return new Response(null, { status: 204, headers: { Range: "0-0" } });
    if (method !== "PATCH") return undefined;
    asked += 1;
    if (asked > 20) abort.abort(new Error("without end"));
    return new Response("", { status: 416 });
  };
  const { code } = await push(fault, abort.signal, "x".repeat(5 * 1024 * 1024));
  expect([code, asked]).toEqual(["UPSTREAM_INVALID", 6]);
});
