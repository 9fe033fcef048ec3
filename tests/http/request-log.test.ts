import { expect, test } from "bun:test";
import { anonymousCaller, type Caller } from "../../src/auth/identity.ts";
import { type Answered, describeFailure, logRequest } from "../../src/http/request-log.ts";
import { AccessLog } from "../../src/log/access-log.ts";
import { createLogger } from "../../src/log/logger.ts";
import { RegistryError } from "../../src/oci/errors.ts";

/** The line of each log about a GET of `url` that went as `changes` say. */
function logged(url: string, changes: Partial<Answered> & { readonly headers?: Record<string, string> } = {}) {
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  const now = () => Date.parse("2026-01-02T03:04:05Z");
  const { headers = {}, ...others } = changes;
  logRequest(
    { logger: createLogger({ level: "info", format: "json", write, now }), accessLog: new AccessLog({ write, now }) },
    {
      request: new Request(url, { headers }),
      remote: "192.0.2.1",
      response: new Response(null, { status: 200, headers: { "Content-Length": "2" } }),
      requestId: "id",
      caller: anonymousCaller,
      failure: undefined,
      durationMs: 1.26,
      ...others,
    },
  );
  const [line = "{}", access = ""] = lines;
  return { line: JSON.parse(line) as Record<string, unknown>, access };
}

test("logRequest() writes one line in each log", () => {
  const caller: Caller = { identity: { kind: "user", name: "alice" }, grant: undefined };
  const headers = { "User-Agent": "docker/28", Referer: "https://site.example/" };
  const { line, access } = logged("http://registry.test/v2/?n=1", { caller, headers });
  expect([line, access.replace(/\[.*\]/, "[time]")]).toEqual([
    {
      ...{ level: "info", msg: "request", time: "2026-01-02T03:04:05.000Z", id: "id", method: "GET", status: 200 },
      ...{ url: "http://registry.test/v2/?n=1", ms: 1.3, remote: "192.0.2.1", user: "alice", agent: "docker/28" },
    },
    '192.0.2.1 - alice [time] "GET /v2/?n=1 HTTP/1.1" 200 2 "https://site.example/" "docker/28"\n',
  ]);
});

test.each([
  ["an answer of unknown size", { response: new Response(null, { status: 404 }) }, " 404 - "],
  ["a client that went away", { failure: new DOMException("gone", "AbortError") }, " 499 2 "],
])("the access log has %s", (_what, changes, want) => {
  expect(logged("http://registry.test/v2/", changes).access).toContain(want);
});

test.each([
  ["http://alice:hunter2@registry.test/v2/", "http://registry.test/v2/"],
  ["http://r/v2/?access_token=hunter2&n=1", "http://r/v2/?access_token=***&n=1"],
  ["http://r/v2/?a=b&password=hunter2", "http://r/v2/?a=b&password=***"],
  ["http://r/auth/token?service=r&scope=repository:a:pull", "http://r/auth/token?service=r&scope=repository:a:pull"],
  ["http://r/v2/?X-Amz-Signature=hunter2", "http://r/v2/?X-Amz-Signature=***"],
  ["http://r/?client_secret=hunter2&authorization=hunter2", "http://r/?client_secret=***&authorization=***"],
])("no secret of %s is logged", (url, want) => {
  const { line, access } = logged(url);
  expect([line.url, access.includes("hunter2")]).toEqual([want, false]);
});

test("what strangers write stays one short line", () => {
  const headers = { "User-Agent": "a".repeat(10_000), Referer: "b".repeat(10_000) };
  const { line, access } = logged(`http://r/v2/${"c".repeat(10_000)}`, { headers });
  expect([String(line.agent).length, String(line.url).length, access.length < 6200]).toEqual([2003, 2003, true]);
});

test.each<[string, unknown, string]>([
  ["a failure of ours", new Error("x", { cause: new Error("y") }), "Error: x\n[^]*caused by: Error: y\n"],
  ["a full disk", Object.assign(new Error("no space"), { code: "ENOSPC" }), "^no space$"],
  ["what is no error", "text", "^text$"],
])("describeFailure() of %s", (_what, failure, want) => {
  expect(describeFailure(failure)).toMatch(new RegExp(want));
});

test("a refusal has its reason, with what the client is not told", () => {
  const failure = new RegistryError("UNAUTHORIZED", { message: "wrong password", cause: new Error("no such user") });
  const response = new Response(null, { status: 401 });
  const { line } = logged("http://r/v2/", { failure, response });
  expect([line.msg, String(line.reason).endsWith(": no such user")]).toEqual(["request refused", true]);
});
