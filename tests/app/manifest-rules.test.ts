import { expect, test } from "bun:test";
import { rulesOf } from "../../src/app/manifest-rules.ts";

test("rulesOf() compiles the patterns, and takes the platforms where they are listed", () => {
  const platformList = [{ architecture: "amd64", os: "linux" }];
  expect(rulesOf({ urls: "any", platforms: "all", platformList })).toEqual({ urls: "any", children: "all" });
  expect(rulesOf({ urls: { allow: ["^a"], deny: [] }, platforms: "list", platformList })).toEqual({
    urls: { allow: [/^a/u], deny: [] },
    children: platformList,
  });
});
