import { expect, test } from "bun:test";
import { rulesOf } from "../../src/app/manifest-rules.ts";

test("rulesOf() compiles the patterns, and takes the platforms where they are listed", () => {
  const platformList = [{ architecture: "amd64", os: "linux" }];
  expect(rulesOf({ urls: "any", platforms: "all", platformList })).toEqual({ urls: "any", children: "all" });
  const { urls, children } = rulesOf({ urls: { allow: ["^a"], deny: ["b"] }, platforms: "list", platformList });
  const matched =
    urls === "any" ? [] : [urls.allow[0]?.test("ax"), urls.allow[0]?.test("xa"), urls.deny[0]?.test("xb")];
  expect([children, matched]).toEqual([platformList, [true, false, true]]);
});
