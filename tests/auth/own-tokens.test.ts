import { expect, test } from "bun:test";
import {
  type OwnTokenOptions,
  signAccessToken,
  signRefreshToken,
  verifyAccessToken,
  verifyRefreshToken,
} from "../../src/auth/own-tokens.ts";
import { createSigningKey } from "../../src/auth/signing-keys.ts";
import { ecKey, signToken } from "./signed-token.ts";

const startMs = 1_800_000_000_000;
const access = [{ type: "repository", name: "team/app", actions: ["pull"] }];
const content = { name: "alice", holder: { kind: "anonymous" } as const, untilMs: undefined };

/** A store with one key, and its clock. */
function tokens(): { readonly options: OwnTokenOptions; readonly clock: { nowMs: number } } {
  const clock = { nowMs: startMs };
  const key = createSigningKey(startMs);
  const keys = { current: async () => key, find: (kid: string) => (kid === key.kid ? key : undefined) };
  return { clock, options: { keys, now: () => clock.nowMs, uuid: () => "id" } };
}

test("a token that grants something is believed for five minutes, and the skew of clocks", async () => {
  const { options, clock } = tokens();
  const { token, ...rest } = await signAccessToken(content, { access, options });
  expect(rest).toEqual({ issuedMs: startMs, lifetimeSeconds: 300 });
  const seconds = startMs / 1000;
  expect(await verifyAccessToken(token, options)).toEqual({
    claims: {
      iss: "registry",
      sub: "alice",
      aud: "registry",
      iat: seconds,
      nbf: seconds,
      exp: seconds + 300,
      jti: "id",
      holder: { kind: "anonymous" },
      access,
    },
  });
  clock.nowMs += 361_000;
  expect(await verifyAccessToken(token, options)).toEqual({ problem: expect.stringContaining("exp") });
});

test("a token lives no longer than the credential that it was got with", async () => {
  const { options } = tokens();
  const { lifetimeSeconds } = await signRefreshToken({ ...content, untilMs: startMs + 60_500 }, options);
  expect(lifetimeSeconds).toBe(60);
});

test("a token for getting tokens grants nothing, and one that grants gets none", async () => {
  const { options } = tokens();
  const refresh = await signRefreshToken(content, options);
  const granting = await signAccessToken(content, { access, options });
  const problem = { problem: expect.stringContaining("aud") };
  expect(await verifyAccessToken(refresh.token, options)).toEqual(problem);
  expect(await verifyRefreshToken(granting.token, options)).toEqual(problem);
  expect(await verifyRefreshToken(refresh.token, options)).toMatchObject({ claims: { sub: "alice" } });
});

test("another registry's token is not believed", async () => {
  const { token } = await signAccessToken(content, { access, options: tokens().options });
  expect(await verifyAccessToken(token, tokens().options)).toEqual({ problem: "no trusted key has signed the token" });
});

test("a token without kid is not believed", async () => {
  const token = await signToken({ iss: "registry", aud: "registry" }, { key: ecKey("x"), header: { kid: undefined } });
  expect(await verifyAccessToken(token, tokens().options)).toEqual({ problem: "no trusted key has signed the token" });
});
