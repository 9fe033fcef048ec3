import { describe, expect, test } from "bun:test";
import { rulesOf } from "../../../src/app/store/manifest-rules.ts";

const platformlist = [{ architecture: "amd64", os: "linux" }];
const indexes = { platforms: "all" as const, platformlist };
const section = { enabled: false, disabled: false, manifests: { urls: { allow: [], deny: [] }, indexes } };

test("rulesOf() takes the platforms where they are listed", () => {
  const manifests = { ...section.manifests, indexes: { platforms: "list" as const, platformlist } };
  expect([rulesOf(section), rulesOf({ ...section, manifests })].map(({ children }) => children)).toEqual([
    "all",
    platformlist,
  ]);
});

test.each([
  [true, false, { urls: "any", children: "none" }],
  [true, true, { urls: { allow: [], deny: [] }, children: "all" }],
  [false, false, { urls: { allow: [], deny: [] }, children: "all" }],
])("rulesOf() where disabled is %p and enabled is %p", (disabled, enabled, want) => {
  expect(rulesOf({ ...section, disabled, enabled })).toEqual(want as never);
});

describe("rulesOf() allows the URL `ax` of a foreign layer", () => {
  test.each<[string[], string[], boolean]>([
    [[], [], false],
    [["^a"], [], true],
    [["^x"], [], false],
    [["^x", "^a"], [], true],
    [["^a"], ["x"], false],
    // Without a word about what is allowed, everything is that is not denied.
    [[], ["b"], true],
    [[], ["x"], false],
    [[".*"], [], true],
    [[".*"], ["x"], false],
  ])("with allow %j and deny %j: %p", (allow, deny, want) => {
    const { urls } = rulesOf({ ...section, manifests: { ...section.manifests, urls: { allow, deny } } });
    const isAllowed =
      urls === "any" ||
      (urls.allow.some((pattern) => pattern.test("ax")) && !urls.deny.some((pattern) => pattern.test("ax")));
    expect(isAllowed).toEqual(want);
  });
});
