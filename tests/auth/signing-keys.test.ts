import { expect, test } from "bun:test";
import {
  createSigningKey,
  formatSigningKeys,
  needsNewKey,
  parseSigningKeys,
  rotateKeys,
  type SigningKey,
} from "../../src/auth/signing-keys.ts";

const dayMs = 24 * 3_600_000;
const key = createSigningKey(0);

test.each([
  ["no key yet", [], 0, true],
  ["a young key", [key], 90 * dayMs - 1, false],
  ["a key of 90 days", [key], 90 * dayMs, true],
  ["an old key and a young one", [key, { ...key, createdMs: 90 * dayMs }], 100 * dayMs, false],
  ["a clock that was set back", [key], -dayMs, false],
])("needsNewKey() with %s", (_, keys, nowMs, want) => {
  expect(needsNewKey(keys as readonly SigningKey[], nowMs as number)).toBe(want as boolean);
});

test("a key is believed until the last token that it can have signed has expired", () => {
  const options = { lifetimeMs: 100 * dayMs };
  let keys: readonly SigningKey[] = [];
  const ages: number[][] = [];
  for (const day of [0, 90, 180, 270, 360]) {
    keys = rotateKeys(keys, { ...options, nowMs: day * dayMs });
    ages.push(keys.map(({ createdMs }) => createdMs / dayMs));
  }
  // The key of day 0 signed until day 90, for a token that lives until day 190.
  expect(ages).toEqual([[0], [0, 90], [0, 90, 180], [90, 180, 270], [180, 270, 360]]);
});

test("parseSigningKeys() reads what formatSigningKeys() wrote", () => {
  const keys = [key, createSigningKey(5)];
  const read = parseSigningKeys(formatSigningKeys(keys));
  const plain = (each: SigningKey) => [each.kid, each.createdMs, each.privateKey.export({ format: "jwk" })];
  expect(read.map(plain)).toEqual(keys.map(plain));
});

test.each([[""], ["{}"], ['{"keys":[{}]}']])("parseSigningKeys(%p) throws", (text) => {
  expect(() => parseSigningKeys(text)).toThrow();
});
