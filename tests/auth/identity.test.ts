import { expect, test } from "bun:test";
import { formatIdentity, type Identity } from "../../src/auth/identity.ts";

const token = { name: "ci", repositories: [], actions: [], createdMs: 0, expiresMs: undefined } as const;

test.each<[Identity, string]>([
  [{ kind: "anonymous" }, "anonymous"],
  [{ kind: "user", name: "alice" }, "alice"],
  [{ kind: "apiToken", token }, "token:ci"],
  [{ kind: "workload", name: "repo:acme/app", groups: [], claims: {} }, "oidc:repo:acme/app"],
  [{ kind: "bearer", name: "bob" }, "bob"],
  [{ kind: "bearer", name: "" }, "anonymous"],
])("formatIdentity() of %j is %s", (identity, want) => {
  expect(formatIdentity(identity)).toBe(want);
});
