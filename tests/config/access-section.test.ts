import { expect, test } from "bun:test";
import { access, auth } from "../../src/config/access-section.ts";

test("what a rule, a permission and an issuer leave out has defaults", () => {
  const parsed = access.parse({
    isOn: "true",
    anonymous: [{ repositories: ["pub/**"], actions: ["PULL"] }],
    rules: [{ users: ["alice"], repositories: ["**"], actions: ["pull", "push"] }],
    oidc: [{ issuer: "https://ci.test", audience: "r.test" }],
  });
  expect(parsed).toEqual({
    isOn: true,
    anonymous: [{ repositories: ["pub/**"], actions: ["pull"] }],
    groups: {},
    rules: [{ users: ["alice"], groups: [], claims: {}, repositories: ["**"], actions: ["pull", "push"] }],
    oidc: [{ issuer: "https://ci.test", audience: "r.test", name: "sub" }],
    immutable: [],
  });
});

test.each([
  ["a rule for nobody", { rules: [{ repositories: ["**"], actions: ["pull"] }] }],
  ["an unknown action", { anonymous: [{ repositories: ["**"], actions: ["admin"] }] }],
  ["no repositories", { anonymous: [{ actions: ["pull"] }] }],
  ["groups that are a list", { groups: ["devs"] }],
  ["an immutable tag of no repository", { immutable: [{ tags: ["v*"] }] }],
  ["a tag that is none", { immutable: [{ repositories: ["**"], tags: ["a/b"] }] }],
])("%s is refused", (_what, written) => {
  expect(access.safeParse({ isOn: "true", ...written }).success).toBe(false);
});

test("auth.htpasswd needs a file, and auth.token what tells good tokens from others", () => {
  const problems = (written: object) =>
    auth.safeParse(written as never).error?.issues.map(({ path }) => path.join("."));
  expect([
    problems({}),
    problems({ htpasswd: { isOn: "true" } }),
    problems({ token: { isOn: "true" } }),
    problems({ token: { isOn: "true", realm: "r", service: "s", issuer: "i", jwks: "/k" } }),
  ]).toEqual([
    undefined,
    ["htpasswd.path"],
    ["token.realm", "token.service", "token.issuer", "token.rootcertbundle"],
    undefined,
  ]);
});
