import { expect, test } from "bun:test";
import { parseAccessClaim, type ResourceActions } from "../../src/auth/access-claim.ts";
import { verifyAccessToken } from "../../src/auth/own-tokens.ts";
import { createSigningKey } from "../../src/auth/signing-keys.ts";
import type { TokenRequest } from "../../src/auth/token-request.ts";
import { answerTokenRequest, type TokenCaller, type TokenServerOptions } from "../../src/auth/token-server.ts";
import { RegistryError } from "../../src/oci/errors.ts";

const nowMs = 1_800_000_000_000;
const key = createSigningKey(nowMs);

function callerOf(name: string, allowed: readonly string[]): TokenCaller {
  return {
    name,
    holder: name === "" ? { kind: "anonymous" } : { kind: "user", name, credential: "x" },
    untilMs: undefined,
    isRefreshable: name !== "",
    grant: ({ type, actions }) => (type === "repository" ? actions.filter((action) => allowed.includes(action)) : []),
  };
}

/** Where alice may pull and push as long as she is there, and everybody may pull. */
function server(): TokenServerOptions & { readonly users: Map<string, TokenCaller> } {
  const users = new Map([["alice", callerOf("alice", ["pull", "push"])]]);
  return {
    users,
    keys: { current: async () => key, find: (kid) => (kid === key.kid ? key : undefined) },
    now: () => nowMs,
    uuid: () => "id",
    authenticate: async (credentials) => {
      if (credentials === undefined) return callerOf("", ["pull"]);
      const user = users.get(credentials.username);
      if (user === undefined || credentials.password !== "secret") throw new RegistryError("UNAUTHORIZED");
      return user;
    },
    recall: async (holder) => (holder.kind === "user" ? users.get(holder.name) : undefined),
  };
}

const app: ResourceActions = { type: "repository", name: "team/app", actions: ["pull", "push", "delete"] };
const alice = { credentials: { username: "alice", password: "secret" } };

function request(by: TokenRequest["by"], changes: Partial<TokenRequest> = {}): TokenRequest {
  return { service: "registry", scopes: [app], isOffline: false, by, ...changes };
}

test.each([
  ["a user", request(alice), "alice", ["pull", "push"]],
  ["nobody", request({ credentials: undefined }), "", ["pull"]],
  ["a client that names no service", request(alice, { service: undefined }), "alice", ["pull", "push"]],
])("%s gets a token with what was asked for and is allowed", async (_, asked, name, actions) => {
  const options = server();
  const answer = await answerTokenRequest(asked, options);
  const verified = await verifyAccessToken(answer.token, options);
  if ("problem" in verified) throw new Error(verified.problem);
  const granted = parseAccessClaim(verified.claims.access);
  expect([verified.claims.sub, granted]).toEqual([name, [{ ...app, actions }]]);
  expect(answer).toMatchObject({
    scope: `repository:team/app:${actions.join(",")}`,
    lifetimeSeconds: 300,
    refreshToken: undefined,
  });
});

test("what is not allowed, or not known, is not granted, and is no refusal", async () => {
  const scopes = [
    { ...app, actions: ["delete"] },
    { type: "registry", name: "catalog", actions: ["*"] },
  ];
  const options = server();
  const { token, scope } = await answerTokenRequest(request(alice, { scopes }), options);
  expect([scope, await verifyAccessToken(token, options)]).toEqual([
    "",
    { claims: expect.objectContaining({ access: [] }) },
  ]);
});

test("a login gets a token for getting tokens, which serves until the user is gone", async () => {
  const options = server();
  const { refreshToken = "" } = await answerTokenRequest(request(alice, { isOffline: true, scopes: [] }), options);
  const again = await answerTokenRequest(request({ refreshToken }), options);
  expect(again).toMatchObject({ scope: "repository:team/app:pull,push", refreshToken });
  options.users.delete("alice");
  await expect(answerTokenRequest(request({ refreshToken }), options)).rejects.toMatchObject({ code: "UNAUTHORIZED" });
});

test("nobody gets a token for getting tokens", async () => {
  const answer = await answerTokenRequest(request({ credentials: undefined }, { isOffline: true }), server());
  expect(answer.refreshToken).toBeUndefined();
});

test("an access token gets no further tokens", async () => {
  const options = server();
  const { token: refreshToken } = await answerTokenRequest(request(alice), options);
  await expect(answerTokenRequest(request({ refreshToken }), options)).rejects.toMatchObject({ code: "UNAUTHORIZED" });
});

test("no token is issued for another service", async () => {
  const asked = request(alice, { service: "registry.elsewhere.test" });
  await expect(answerTokenRequest(asked, server())).rejects.toMatchObject({ code: "REQUEST_INVALID" });
});
