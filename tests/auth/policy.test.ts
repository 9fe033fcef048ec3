import { describe, expect, test } from "bun:test";
import type { ApiToken } from "../../src/auth/api-tokens.ts";
import type { Caller, Identity } from "../../src/auth/identity.ts";
import { type AccessRules, type Action, allowedActions, Policy } from "../../src/auth/policy.ts";
import { named } from "../registry/stocked.ts";

const rules: AccessRules = {
  anonymous: [{ repositories: ["pub/**"], actions: ["pull"] }],
  groups: { devs: ["bob"] },
  rules: [
    { users: ["alice"], groups: [], claims: {}, repositories: ["**"], actions: ["pull", "push", "delete"] },
    { users: [], groups: ["devs"], claims: {}, repositories: ["team/*"], actions: ["pull", "push"] },
    {
      users: [],
      groups: [],
      claims: { repository: "acme/app", ref: "refs/heads/main" },
      repositories: ["acme/app"],
      actions: ["push"],
    },
  ],
};
const alice: Identity = { kind: "user", name: "alice" };
const bob: Identity = { kind: "user", name: "bob" };
const job = (claims: object): Identity => ({
  kind: "workload",
  name: "job",
  groups: ["devs"],
  claims: claims as Readonly<Record<string, unknown>>,
});
const token: ApiToken = {
  name: "ci",
  repositories: ["team/**"],
  actions: ["pull"],
  createdMs: 0,
  expiresMs: undefined,
};

function decide(identity: Identity, repository: string, action: Action, given: AccessRules = rules) {
  return new Policy(given).decide({ identity, grant: undefined }, { repository: named(repository), action });
}

describe("decide()", () => {
  test.each<[string, Identity, string, Action, boolean, string]>([
    ["anybody pulls what is public", { kind: "anonymous" }, "pub/a/b", "pull", true, "access.anonymous"],
    ["but does not push it", { kind: "anonymous" }, "pub/a", "push", false, "access.anonymous does not allow it"],
    ["nor anything else", { kind: "anonymous" }, "public/a", "pull", false, "access.anonymous does not allow it"],
    ["a user by name", alice, "any/thing", "delete", true, "access.rules[0]"],
    ["a user by group", bob, "team/app", "push", true, "access.rules[1]"],
    ["a star stays within a component", bob, "team/app/x", "push", false, "no rule of access.rules allows it"],
    ["an action that the rule lacks", bob, "team/app", "delete", false, "no rule of access.rules allows it"],
    [
      "a user that no rule names",
      { kind: "user", name: "eve" },
      "team/app",
      "pull",
      false,
      "no rule of access.rules allows it",
    ],
    [
      "a name that only looks the same",
      { kind: "user", name: "Alice" },
      "a",
      "pull",
      false,
      "no rule of access.rules allows it",
    ],
    [
      "a job with all claims",
      job({ repository: "acme/app", ref: "refs/heads/main" }),
      "acme/app",
      "push",
      true,
      "access.rules[2]",
    ],
    [
      "a job with another claim",
      job({ repository: "acme/app", ref: "refs/heads/x" }),
      "acme/app",
      "push",
      false,
      "no rule of access.rules allows it",
    ],
    ["a job by the group in its token", job({}), "team/app", "pull", true, "access.rules[1]"],
    ["an API token", { kind: "apiToken", token }, "team/a/b", "pull", true, "token ci"],
    [
      "an API token beyond its actions",
      { kind: "apiToken", token },
      "team/a",
      "push",
      false,
      "token ci does not allow it",
    ],
  ])("%s", (_what, identity, repository, action, isAllowed, because) => {
    expect(decide(identity, repository, action)).toEqual({ isAllowed, because });
  });

  test("without rules every user may do everything, and no job anything", () => {
    const open = { ...rules, rules: undefined };
    expect([decide(bob, "a", "delete", open).isAllowed, decide(job({}), "a", "pull", open).isAllowed]).toEqual([
      true,
      false,
    ]);
  });

  test("a claim is compared as a whole, and a user has none", () => {
    const claims = { repository: "acme/app", ref: "refs/heads/main" };
    const named = { kind: "user", name: "job", claims } as Identity;
    expect(decide(named, "acme/app", "push").isAllowed).toBe(false);
    expect(decide(job({ repository: "acme/app" }), "acme/app", "push").isAllowed).toBe(false);
    expect(decide(job({ ...claims, ref: [claims.ref] }), "acme/app", "push").isAllowed).toBe(false);
  });

  test("a claim may be a number or a switch", () => {
    const rule = { users: [], groups: [], claims: { project: "7", protected: "true" } };
    const open = { ...rules, rules: [{ ...rule, repositories: ["a"], actions: ["pull" as const] }] };
    expect(decide(job({ project: 7, protected: true }), "a", "pull", open).isAllowed).toBe(true);
    expect(decide(job({ project: 7, protected: false }), "a", "pull", open).isAllowed).toBe(false);
  });

  test("a token grants no more than it says, and no more than its holder may do", () => {
    const policy = new Policy(rules);
    const caller: Caller = {
      identity: bob,
      grant: [
        { type: "repository", name: "team/app", actions: ["pull"] },
        { type: "repository", name: "other/app", actions: ["*"] },
      ],
    };
    const may = (repository: string, action: Action) =>
      policy.decide(caller, { repository: named(repository), action }).isAllowed;
    expect([may("team/app", "pull"), may("team/app", "push"), may("team/b", "pull"), may("other/app", "pull")]).toEqual(
      [true, false, false, false],
    );
  });
});

test("allowedActions() are those of the asked ones that are allowed; a star asks for all", () => {
  const policy = new Policy(rules);
  const of = (identity: Identity, repository: string, actions: readonly string[]) =>
    allowedActions(policy, { identity, grant: undefined }, { repository: named(repository), actions });
  expect([of(alice, "a", ["*"]), of(bob, "team/a", ["pull", "push", "delete"]), of(bob, "x", ["pull"])]).toEqual([
    ["pull", "push", "delete"],
    ["pull", "push"],
    [],
  ]);
});

test("a policy tells whether callers without credentials may do anything", () => {
  expect([new Policy(rules).allowsAnonymous, new Policy({ ...rules, anonymous: [] }).allowsAnonymous]).toEqual([
    true,
    false,
  ]);
});

const everywhere = { repositories: ["**"], actions: ["pull" as const] };

test.each<readonly [string, Identity, AccessRules, boolean]>([
  ["a user with a rule for all", alice, rules, true],
  ["a user with rules for some", bob, rules, false],
  ["a user without any rules", bob, { anonymous: [], groups: {} }, true],
  ["a job without any rules", job({}), { anonymous: [], groups: {} }, false],
  ["anybody", { kind: "anonymous" }, rules, false],
  ["anybody who may pull everything", { kind: "anonymous" }, { ...rules, anonymous: [everywhere] }, true],
  ["who may only push everything", bob, { ...rules, anonymous: [{ ...everywhere, actions: ["push"] }] }, false],
  ["an API token for some", { kind: "apiToken", token }, rules, false],
  ["an API token for all", { kind: "apiToken", token: { ...token, repositories: ["**"] } }, rules, true],
  ["the bearer of a foreign token", { kind: "bearer", name: "x" }, rules, true],
])("Policy.coversEverything() of %s", (_who, identity, given, want) => {
  expect(new Policy(given).coversEverything(identity)).toBe(want);
});
