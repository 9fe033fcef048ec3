import { expect, test } from "bun:test";
import { signingAlgorithms } from "../../src/auth/jwt.ts";
import { readTrustedKeys } from "../../src/auth/trusted-keys.ts";
import { TokenVerifier, type TokenVerifierOptions } from "../../src/auth/verify-token.ts";
import { ecKey, formatJwks, signToken } from "./signed-token.ts";

const nowMs = 1_800_000_000_000;
const key = ecKey("key");
const options: TokenVerifierOptions = {
  issuer: "issuer.test",
  service: "registry.test",
  algorithms: signingAlgorithms,
  keys: () => readTrustedKeys({ jwks: formatJwks([key]) }),
  now: () => nowMs,
};
const access = [{ type: "repository", name: "team/app", actions: ["pull", "push"] }];
const claims = { iss: "issuer.test", aud: "registry.test", exp: nowMs / 1000 + 300, sub: "alice", access };

test.each([
  ["what it grants", {}, { name: "alice", access }],
  ["nobody's name where it has none", { sub: undefined }, { name: "", access }],
  ["no rights where it has none", { access: undefined }, { name: "alice", access: [] }],
])("a token tells %s", async (_, changes, want) => {
  const token = await signToken({ ...claims, ...changes }, { key });
  expect(await new TokenVerifier(options).verify(token)).toEqual(want);
});

test.each([
  ["of another issuer", { iss: "other.test" }, {}],
  ["for another service", { aud: "other.test" }, {}],
  ["where no algorithm is accepted", {}, { algorithms: [] }],
  ["of an algorithm that is not wanted", {}, { algorithms: ["RS256" as const] }],
  ["of another key", {}, { keys: () => readTrustedKeys({ jwks: formatJwks([ecKey("key")]) }) }],
])("a token %s is not believed", async (_, changes, different) => {
  const token = await signToken({ ...claims, ...changes }, { key });
  expect(await new TokenVerifier({ ...options, ...different }).verify(token)).toEqual({ problem: expect.any(String) });
});
