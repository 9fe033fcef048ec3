import { expect, test } from "bun:test";
import { closedSections, foreignKeys } from "../../src/config/foreign-keys.ts";
import { keyList } from "../../src/config/schema.ts";

test("no foreign key is a key of ours, or stands twice", () => {
  const paths = [...keyList, ...foreignKeys].map(({ path }) => path);
  expect(paths).toEqual([...new Set(paths)]);
});

test.each([
  ["log.fields", "ignored"],
  ["storage.redirect", "ignored"],
  ["storage.s3", "refused"],
  ["auth.none", "silent"],
  ["auth.htpasswd", "refused"],
  ["http.secret", "silent"],
  ["http.tls.clientauth", "refused"],
  ["http.tls.letsencrypt", "refused"],
  ["notifications", "ignored"],
])("%s is %s", (path, effect) => {
  expect(foreignKeys.find((key) => key.path === path)?.effect).toEqual(effect as "ignored");
});

test("an unknown storage driver and an unknown kind of auth are errors", () => {
  expect(Object.keys(closedSections)).toEqual(["storage", "auth"]);
});
