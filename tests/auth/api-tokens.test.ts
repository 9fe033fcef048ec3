import { expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import * as fc from "fast-check";
import {
  type ApiToken,
  createSecret,
  formatApiToken,
  hashSecret,
  isExpired,
  isSecret,
  isTokenName,
  parseApiToken,
} from "../../src/auth/api-tokens.ts";

test("createSecret() makes what isSecret() knows, each time another one", () => {
  const secrets = Array.from({ length: 100 }, () => createSecret(randomBytes));
  expect(secrets.every(isSecret)).toBe(true);
  expect(new Set(secrets).size).toBe(100);
});

test("the checksum is CRC-32 in six digits of base 62, as the known scanners compute it", () => {
  expect(createSecret((count) => new Uint8Array(count))).toBe(`reg_${"0".repeat(30)}2C8GjS`);
});

test("createSecret() draws again for bytes that would favour some letters", () => {
  const draws = [new Uint8Array(30).fill(255), new Uint8Array(30).fill(61)];
  expect(createSecret(() => draws.shift() ?? new Uint8Array(0))).toStartWith(`reg_${"z".repeat(30)}`);
});

test("isSecret() sees every change of one letter", () => {
  const secret = createSecret(randomBytes);
  void fc.assert(
    fc.property(fc.nat(secret.length - 1), fc.constantFrom(..."0aZ_-é "), (at, letter) => {
      const changed = `${secret.slice(0, at)}${letter}${secret.slice(at + 1)}`;
      return isSecret(changed) === (changed === secret);
    }),
  );
});

test.each([["password"], [""], ["reg_"], [`${"reg_".repeat(100_000)}`], [`${createSecret(randomBytes)}\n`]])(
  "isSecret() refuses what has another form",
  (text) => {
    expect(isSecret(text)).toBe(false);
  },
);

test("hashSecret() tells nothing of the secret", () => {
  expect(hashSecret("reg_x")).toBe(new Bun.CryptoHasher("sha256").update("reg_x").digest("hex"));
});

test.each([
  ["ci", true],
  ["CI-1.main_x", true],
  ["", false],
  [".hidden", false],
  ["a/b", false],
  ["../x", false],
  ["a b", false],
  ["x".repeat(65), false],
])("isTokenName(%p) is %p", (text, want) => {
  expect(isTokenName(text)).toBe(want);
});

const token: ApiToken = {
  name: "ci",
  repositories: ["team/**"],
  actions: ["pull", "push"],
  createdMs: 1000,
  expiresMs: 2000,
};

test.each([[token], [{ ...token, expiresMs: undefined }]])(
  "parseApiToken() reads what formatApiToken() wrote",
  (written) => {
    expect(parseApiToken(formatApiToken(written))).toEqual(written);
  },
);

test.each([
  ["", "nothing"],
  ["null", "no object"],
  [JSON.stringify({ ...token, name: 1 }), "a name that is none"],
  [JSON.stringify({ ...token, repositories: "**" }), "repositories that are no list"],
  [JSON.stringify({ ...token, actions: [1] }), "actions that are none"],
  [JSON.stringify({ ...token, createdMs: undefined }), "no time"],
  [JSON.stringify({ ...token, expiresMs: "never" }), "an end that is no time"],
])("parseApiToken(%p) is undefined: %s", (text) => {
  expect(parseApiToken(text)).toBeUndefined();
});

test("parseApiToken() passes over actions that it does not know", () => {
  expect(parseApiToken(JSON.stringify({ ...token, actions: ["pull", "admin"] }))?.actions).toEqual(["pull"]);
});

test.each([
  [1999, false],
  [2000, true],
])("isExpired() of a token until 2000 at %p is %p", (nowMs, want) => {
  expect(isExpired(token, nowMs)).toBe(want);
});

test("isExpired() is never true of a token without an end", () => {
  expect(isExpired({ ...token, expiresMs: undefined }, Number.MAX_SAFE_INTEGER)).toBe(false);
});
