import { expect, test } from "bun:test";
import { formatChallenge, type LoginScheme } from "../../src/http/challenge.ts";
import type { Need } from "../../src/http/needs.ts";
import { named } from "../registry/stocked.ts";

const basic: LoginScheme = { kind: "basic", realm: 'a "realm"\n' };
const bearer: LoginScheme = { kind: "bearer", realm: (origin) => `${origin}auth/token`, service: "registry" };
const origin = "https://r.test/";
const repository = named("team/app");

test.each<[LoginScheme, Need, string]>([
  [basic, { kind: "login" }, 'Basic realm="a \\"realm\\"?", charset="UTF-8"'],
  [bearer, { kind: "login" }, 'Bearer realm="https://r.test/auth/token",service="registry"'],
  [
    bearer,
    { kind: "action", action: "push", repository },
    'Bearer realm="https://r.test/auth/token",service="registry",scope="repository:team/app:pull,push"',
  ],
  [
    bearer,
    { kind: "action", action: "delete", repository },
    'Bearer realm="https://r.test/auth/token",service="registry",scope="repository:team/app:delete"',
  ],
  [
    bearer,
    { kind: "catalog" },
    'Bearer realm="https://r.test/auth/token",service="registry",scope="registry:catalog:*"',
  ],
])("formatChallenge() %#", (scheme, need, want) => {
  expect(formatChallenge(scheme, { origin, need })).toBe(want);
});

test("formatChallenge() says what is wrong with a token", () => {
  const text = formatChallenge(bearer, { origin, need: { kind: "login" }, problem: "invalid_token" });
  expect(text).toEndWith(',error="invalid_token"');
});
