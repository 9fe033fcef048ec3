import { expect, test } from "bun:test";
import { Authenticator } from "../../../src/auth/authenticator.ts";
import { Policy } from "../../../src/auth/policy.ts";
import type { TokenRequest } from "../../../src/auth/token-request.ts";
import type { TokenAnswer } from "../../../src/auth/token-server.ts";
import { Door } from "../../../src/http/door.ts";
import { LoginFailures } from "../../../src/http/login-failures.ts";
import { type Ask, memoryRegistry } from "../memory-registry.ts";

const answer: TokenAnswer = {
  token: "eyJ",
  issuedMs: Date.UTC(2030, 0, 1),
  lifetimeSeconds: 300,
  scope: "repository:app:pull",
  refreshToken: undefined,
};
const told = {
  access_token: "eyJ",
  token_type: "Bearer",
  expires_in: 300,
  issued_at: "2030-01-01T00:00:00.000Z",
  scope: "repository:app:pull",
};
const app = { type: "repository", name: "app", actions: ["pull"] };
const alice = { username: "alice", password: "secret" };
const form = { "Content-Type": "application/x-www-form-urlencoded; charset=utf-8" };

/** Nobody can log in here but at the token server. */
const door = new Door({
  authenticator: new Authenticator({
    passwords: undefined,
    apiTokens: { find: () => undefined, get: () => undefined },
    verifyWorkload: undefined,
    verifyOwn: undefined,
    verifyForeign: undefined,
  }),
  policy: () => new Policy({ anonymous: [], groups: {}, rules: [] }),
  scheme: { kind: "basic", realm: "test" },
  failures: new LoginFailures(3, () => 0),
});

/** Asks a registry with a token server that remembers what it was asked. */
async function ask(method: string, target: string, request: Ask = {}, refreshToken?: string) {
  const asked: TokenRequest[] = [];
  const answerTokenRequest = async (each: TokenRequest) => {
    asked.push(each);
    return { ...answer, refreshToken };
  };
  const { ask: send, log } = memoryRegistry({ access: () => ({ door, answerTokenRequest }) });
  const response = await send(method, target, request);
  return { asked: asked[0], status: response.status, headers: response.headers, body: await response.text(), log };
}

const basic = (text: string) => ({ Authorization: `Basic ${Buffer.from(text).toString("base64")}` });

test.each([
  ["with credentials", basic("alice:secret"), { credentials: alice }],
  ["without", {}, { credentials: undefined }],
])("GET %s", async (_, headers, by) => {
  const target = "/auth/token?service=registry&scope=repository:app:pull&account=alice";
  const { asked, status, body, headers: sent } = await ask("GET", target, { headers });
  expect(asked).toEqual({ service: "registry", scopes: [app], isOffline: false, by });
  expect([status, JSON.parse(body), sent.get("cache-control")]).toEqual([200, { token: "eyJ", ...told }, "no-store"]);
});

test("POST of a form with a password, for a token that gets tokens", async () => {
  const body = "grant_type=password&username=alice&password=secret&access_type=offline&scope=repository:app:pull";
  const { asked, status, body: got } = await ask("POST", "/auth/token", { headers: form, body }, "eyJrefresh");
  expect(asked).toEqual({ service: undefined, scopes: [app], isOffline: true, by: { credentials: alice } });
  expect([status, JSON.parse(got)]).toEqual([200, { ...told, refresh_token: "eyJrefresh" }]);
});

test.each([
  ["Basic credentials that are none", "GET", "", { headers: { Authorization: "Basic !" } }, 401],
  ["another scheme", "GET", "", { headers: { Authorization: "Bearer eyJ" } }, 401],
  ["a malformed scope", "GET", "?scope=x", {}, 400],
  ["an empty form", "POST", "", { headers: form, body: "" }, 400],
  ["a form that is too long", "POST", "", { headers: form, body: "x".repeat(70_000) }, 413],
])("%s: refused", async (_, method, query, request, status) => {
  const got = await ask(method, `/auth/token${query}`, request);
  expect([got.status, got.asked]).toEqual([status, undefined]);
});

test("without a token server of ours there is nothing", async () => {
  const { ask: send } = memoryRegistry();
  const statuses = [await send("GET", "/auth/token"), await send("POST", "/auth/token", { body: "x" })];
  expect(statuses.map(({ status }) => status)).toEqual([404, 404]);
});

test("no password or token of a request is logged", async () => {
  const body = "grant_type=password&username=alice&password=s3cr3t&scope=repository:app:pull";
  const logs = [
    (await ask("GET", "/auth/token", { headers: basic("alice:s3cr3t") })).log,
    (await ask("POST", "/auth/token", { headers: form, body }, "eyJrefresh")).log,
  ];
  expect(JSON.stringify(logs)).not.toMatch(/s3cr3t|eyJ|YWxpY2U/);
});
