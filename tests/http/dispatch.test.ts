import { describe, expect, test } from "bun:test";
import { answerFailure } from "../../src/http/dispatch.ts";
import { Health } from "../../src/http/health.ts";
import type { Driver } from "../../src/storage/driver.ts";
import type { Span } from "../../src/tracing/span.ts";
import { Tracer } from "../../src/tracing/tracer.ts";
import { answering } from "../storage/intercepted.ts";
import { openMemory } from "../storage/memory.ts";
import {
  type Ask,
  digestOf,
  imageOf,
  memoryRegistry,
  pushBlob,
  pushImage,
  refusalOf,
  summarize,
  uploadId,
} from "./memory-registry.ts";

const digest = digestOf("config");
const image = imageOf("config");
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A store whose every look fails with the error. */
function failingWith(error: unknown): Driver {
  const fail = () => Promise.reject(error);
  return answering(openMemory(), { objects: { stat: fail, read: fail } });
}

describe("every route reaches its handler", () => {
  test.each([
    ["GET", "/", {}, 200],
    ["GET", "/v2/", {}, 200],
    ["GET", "/ca.crt", {}, 200],
    ["GET", "/livez", {}, 200],
    ["HEAD", "/readyz", {}, 200],
    ["OPTIONS", "/v2/", {}, 204],
    ["GET", "/v2/_catalog", {}, 200],
    ["GET", "/v2/a/tags/list", {}, 200],
    ["GET", "/v2/a/manifests/v1", {}, 200],
    ["PUT", "/v2/a/manifests/v2", { body: image }, 201],
    ["DELETE", "/v2/a/manifests/v1", {}, 202],
    ["GET", `/v2/a/blobs/${digest}`, {}, 200],
    ["DELETE", `/v2/a/blobs/${digest}`, {}, 202],
    ["POST", "/v2/a/blobs/uploads/", {}, 202],
    ["POST", `/v2/a/blobs/uploads/?digest=${digest}`, { body: "config" }, 201],
    ["POST", `/v2/b/blobs/uploads/?mount=${digest}&from=a`, {}, 201],
    ["GET", `/v2/a/blobs/uploads/${uploadId(9)}`, {}, 404],
    ["PATCH", `/v2/a/blobs/uploads/${uploadId(9)}`, { body: "x" }, 404],
    ["PUT", `/v2/a/blobs/uploads/${uploadId(9)}?digest=${digest}`, {}, 201],
    ["DELETE", `/v2/a/blobs/uploads/${uploadId(9)}`, {}, 404],
    ["GET", `/v2/a/referrers/${digest}`, {}, 200],
    ["GET", "/v1/", {}, 404],
    ["POST", "/v2/", {}, 405],
  ])("%s %s with %j", async (method, target, ask, status) => {
    const memory = memoryRegistry({ caCertificate: () => "pem" });
    await pushImage(memory, "a", { reference: "v1" });
    const response = await memory.ask(method, target, ask as Ask);
    const common = ["docker-distribution-api-version", "x-content-type-options"];
    expect([response.status, ...common.map((name) => response.headers.get(name))]).toEqual([
      status,
      "registry/2.0",
      "nosniff",
    ]);
    expect(response.headers.get("x-request-id")).toMatch(uuid);
  });
});

describe("health", () => {
  const targets = ["/", "/v2/", "/v2/a/tags/list", "/livez", "/readyz"];

  test.each<[string, (health: Health) => void, readonly number[]]>([
    ["well", () => undefined, [200, 200, 404, 200, 200]],
    ["unhealthy", (health) => health.note("tcp", "refused"), [503, 503, 503, 200, 503]],
    ["switched off", (health) => health.switchTo("down"), [503, 503, 503, 200, 503]],
    ["about to stop", (health) => health.beginStopping(), [200, 200, 404, 200, 503]],
  ])("of a registry that is %s", async (_, happen, want) => {
    const health = new Health();
    happen(health);
    const memory = memoryRegistry({ health });
    const answers = await Promise.all(targets.map((target) => memory.ask("GET", target)));
    expect(answers.map(({ status }) => status)).toEqual([...want]);
  });

  test("a registry that is unhealthy says so as distribution does", async () => {
    const health = new Health();
    health.note("tcp", "10.0.0.7:6379 refused");
    const memory = memoryRegistry({ health });
    const answer = await memory.ask("GET", "/v2/");
    const body = await answer.json();
    expect([answer.headers.get("retry-after"), body]).toEqual([
      "10",
      { errors: [{ code: "UNAVAILABLE", message: "a health check fails: see /debug/health" }] },
    ]);
  });

  test("probes are answered beside a prefix", async () => {
    const memory = memoryRegistry({ prefix: "/some/where/" });
    const answers = await Promise.all(["/livez", "/readyz"].map((target) => memory.ask("GET", target)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  });
});

describe("links", () => {
  const poison = {
    Host: "evil.example",
    Forwarded: "host=evil.example;proto=http",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Prefix": "/evil",
    "X-Original-Url": "https://evil.example/",
  };

  test.each([
    [{}, "", "/"],
    [{ prefix: "/some/where/" }, "", "/some/where/"],
    [{ host: "https://registry.example" }, "https://registry.example", "/"],
    [{ host: "https://registry.example", prefix: "/some/" }, "https://registry.example", "/some/"],
  ])("with %j begin with what is configured, whatever headers say", async (changes, origin, prefix) => {
    const { ask } = memoryRegistry(changes);
    const started = await ask("POST", `${prefix}v2/a/blobs/uploads/`, { headers: poison });
    const posted = await ask("POST", `${prefix}v2/a/blobs/uploads/?digest=${digest}`, {
      headers: poison,
      body: "config",
    });
    const put = await ask("PUT", `${prefix}v2/a/manifests/${digestOf(image)}?tag=v1&tag=v2`, {
      headers: poison,
      body: image,
    });
    const tags = await ask("GET", `${prefix}v2/a/tags/list?n=1`, { headers: poison });
    expect([started, posted, put, tags].map(({ headers }) => headers.get("location") ?? headers.get("link"))).toEqual([
      `${origin}${prefix}v2/a/blobs/uploads/${uploadId(1)}?_state=open`,
      `${origin}${prefix}v2/a/blobs/${digest}`,
      `${origin}${prefix}v2/a/manifests/${digestOf(image)}`,
      `<${prefix}v2/a/tags/list?n=1&last=v1>; rel="next"`,
    ]);
  });

  test("of a registry with a prefix: beside it there is only a sign of life", async () => {
    const { ask } = memoryRegistry({ prefix: "/some/where/" });
    const statuses = [];
    for (const path of ["/v2/", "/", "/some/where/v2/", "/some/where/", "/some/where"]) {
      statuses.push((await ask("GET", path)).status);
    }
    expect(statuses).toEqual([404, 200, 200, 200, 404]);
  });
});

test("configured headers stand in every answer, and replace ours", async () => {
  const { ask, options } = memoryRegistry({
    headers: { "X-Test": ["1", "2"], "docker-distribution-api-version": ["other"], "X-Content-Type-Options": [""] },
  });
  const names = ["x-test", "docker-distribution-api-version", "x-content-type-options"];
  const answers = [await ask("GET", "/v2/"), await ask("GET", "/nowhere"), answerFailure(new Error("x"), options)];
  expect(answers.map(({ headers }) => names.map((name) => headers.get(name)))).toEqual(
    answers.map(() => ["1, 2", "other", ""]),
  );
});

describe("a Host header that stands twice", () => {
  test("is refused: proxies and servers differ on which one counts", async () => {
    const { ask } = memoryRegistry();
    expect(await refusalOf(await ask("GET", "/v2/", { headers: { Host: "a.example, b.example" } }))).toEqual([
      400,
      "UNSUPPORTED",
    ]);
  });
});

describe("the log has one line for", () => {
  const fields = ["level", "msg", "method", "status", "reason", "agent"];

  test.each([
    ["a request", "/v2/", ["info", "request", "GET", 200, undefined, "test/1"]],
    ["what is not there", "/v2/a/manifests/v1", ["info", "request", "GET", 404, undefined, "test/1"]],
    ["a look at what is not there", "/v2/a/manifests/v1", ["info", "request", "HEAD", 404, undefined, "test/1"]],
    ["a refusal", "/v2/", ["info", "request refused", "POST", 405, "METHOD_NOT_ALLOWED", "test/1"]],
    [
      "a deletion of what is not there",
      "/v2/a/manifests/v1",
      ["info", "request refused", "DELETE", 404, "MANIFEST_UNKNOWN", "test/1"],
    ],
  ])("%s", async (_name, target, want) => {
    const { ask, log } = memoryRegistry();
    const response = await ask(String(want[2]), target, { headers: { "User-Agent": "test/1" } });
    expect(log.map((line) => fields.map((field) => line[field]))).toEqual([want]);
    expect([log[0]?.id, log[0]?.url]).toEqual([response.headers.get("x-request-id"), `http://registry.test${target}`]);
  });

  test("a failure of ours, with its cause; the answer tells nothing of it", async () => {
    const error = new Error("secret", { cause: new Error("deeper") });
    const { ask, log } = memoryRegistry({ driver: failingWith(error) });
    const response = await ask("GET", `/v2/a/blobs/${digest}`);
    expect(await summarize(response)).toEqual([500, "UNKNOWN"]);
    expect([log.length, log[0]?.level, log[0]?.status]).toEqual([1, "error", 500]);
    expect(log[0]?.error).toMatch(/^Error: secret\n[\s\S]*caused by: Error: deeper/);
  });

  test.each([
    ["ENOSPC", 507],
    ["EROFS", 503],
  ])("a disk that answers %s", async (code, status) => {
    const { ask, log } = memoryRegistry({ driver: failingWith(Object.assign(new Error("disk"), { code })) });
    expect(await refusalOf(await ask("GET", `/v2/a/blobs/${digest}`))).toEqual([status, "UNAVAILABLE"]);
    expect([log.length, log[0]?.level, log[0]?.error]).toEqual([1, "error", "disk"]);
  });

  test("a client that went away", async () => {
    const { ask, log } = memoryRegistry();
    await ask("POST", "/v2/a/blobs/uploads/");
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.error(new DOMException("The operation was aborted.", "AbortError")),
    });
    await ask("PATCH", `/v2/a/blobs/uploads/${uploadId(1)}`, { body });
    expect([log[1]?.level, log[1]?.msg, log[1]?.status]).toEqual(["info", "client went away", 499]);
  });
});

test("answerFailure() takes what was deleted before it was sent for no failure", async () => {
  const { options, log } = memoryRegistry();
  const response = answerFailure(Object.assign(new Error("/secret/path"), { code: "ENOENT" }), options);
  expect([response.status, response.headers.get("retry-after"), log[0]?.level]).toEqual([503, "1", "info"]);
  expect(await response.text()).not.toContain("secret");
});

test("answerFailure() logs what failed while it was sent, under the identifier of the answer", async () => {
  const { options, log } = memoryRegistry();
  const response = answerFailure(Object.assign(new Error("/secret/path"), { code: "EPERM" }), options);
  const id = response.headers.get("x-request-id");
  expect([await summarize(response), log.map((line) => [line.level, line.msg, line.id, line.status])]).toEqual([
    [500, "UNKNOWN"],
    [["error", "sending failed", id, 500]],
  ]);
});

test("switches are looked at for every route", async () => {
  const memory = memoryRegistry({ switches: { isDeleteEnabled: false, isReadOnly: false } });
  await pushBlob(memory, "a", "config");
  const path = `/v2/a/blobs/${digest}`;
  expect([await refusalOf(await memory.ask("DELETE", path)), (await memory.ask("GET", path)).status]).toEqual([
    [405, "UNSUPPORTED"],
    200,
  ]);
});

test.each([
  ["01a223f6-05dd/7b16=", "01a223f6-05dd/7b16="],
  ["a b", undefined],
])("an X-Request-Id of %p is %p in the answer and in the log", async (given, want) => {
  const { ask, log } = memoryRegistry();
  const id = (await ask("GET", "/v2/", { headers: { "X-Request-Id": given } })).headers.get("x-request-id");
  expect([log[0]?.id, want ?? uuid.test(String(id))]).toEqual([id, want === undefined ? true : id]);
});

test("an answer names the registry that was asked for, and none where none was", async () => {
  const memory = memoryRegistry({ findNamespaced: (_ns, name) => name });
  const paths = ["/v2/a/tags/list?ns=up.test", "/v2/a/tags/list", "/v2/"];
  const named = await Promise.all(paths.map((path) => memory.ask("GET", path)));
  expect(named.map(({ headers }) => headers.get("oci-namespace"))).toEqual(["up.test", null, null]);
});

test("a process without room for more files asks the client to come again", async () => {
  let isOverloaded = true;
  const memory = memoryRegistry({ isOverloaded: () => isOverloaded });
  const refused = await memory.ask("GET", "/v2/");
  isOverloaded = false;
  const answers = [refused, await memory.ask("GET", "/v2/")];
  expect(answers.map(({ status, headers }) => [status, headers.get("retry-after")])).toEqual([
    [503, "1"],
    [200, null],
  ]);
});

test("each request is a span with its route and status, if spans are recorded", async () => {
  const spans: Span[] = [];
  const sampler = { followsCaller: true, ratio: 1 };
  const recording = { sampler, add: (span: Span) => void spans.push(span) };
  const random = (bytes: number) => "a".repeat(2 * bytes);
  await memoryRegistry({ tracer: new Tracer({ now: () => 0, random, recording }) }).ask("GET", "/v2/a/tags/list");
  await memoryRegistry({ tracer: new Tracer({ now: () => 0, random }) }).ask("GET", "/v2/");
  expect(spans.map(({ name, kind }) => [name, kind])).toEqual([["GET /v2/{name}/tags/list", "server"]]);
});
