import { expect, test } from "bun:test";
import { parseAccessClaim } from "../../src/auth/access-claim.ts";

const entry = { type: "repository", name: "team/app", actions: ["pull", "push"] };

test.each([
  ["what is granted", [entry], [entry]],
  ["no more of an entry than is known", [{ ...entry, class: "plugin" }], [entry]],
  ["no claim", undefined, []],
  ["a claim that is no list", entry, []],
  [
    "entries that are none",
    [null, 1, "x", [], { ...entry, name: 1 }, { ...entry, actions: "*" }, { ...entry, type: {} }],
    [],
  ],
  ["actions that are none", [{ ...entry, actions: ["pull", 1, null, ["push"]] }], [{ ...entry, actions: ["pull"] }]],
])("parseAccessClaim() of %s", (_, claim, want) => {
  expect(parseAccessClaim(claim)).toEqual(want as ReturnType<typeof parseAccessClaim>);
});
