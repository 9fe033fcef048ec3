import { expect, test } from "bun:test";
import { meansSeveral, parseCopyOrigin, parseCopyTarget } from "../../src/transfer/operands.ts";
import { digestOf } from "../registry/stocked.ts";

const digest = digestOf("x");

test.each([
  ["team/app", { host: undefined, names: "team/app", tags: "latest", digest: undefined }, false],
  ["team/app:*", { host: undefined, names: "team/app", tags: "*", digest: undefined }, true],
  ["nas:5000/team/**", { host: "nas:5000", names: "team/**", tags: "*", digest: undefined }, true],
  [`team/app@${digest}`, { host: undefined, names: "team/app", tags: "latest", digest }, false],
])("parseCopyOrigin(%p)", (text, want, isSeveral) => {
  const parsed = parseCopyOrigin(text);
  expect(parsed).toEqual({ value: { kind: "repositories", ...want } } as never);
  if ("value" in parsed) expect(meansSeveral(parsed.value)).toBe(isSeveral);
});

test("parseCopyOrigin() takes archives, and refuses what names no image", () => {
  expect(parseCopyOrigin("oci:dir:v1")).toMatchObject({
    value: { kind: "archive", archive: { path: "dir", tag: "v1" } },
  });
  expect(parseCopyOrigin("nas:5000/")).toMatchObject({ problem: expect.stringContaining("names no repository") });
  expect(parseCopyOrigin(`team/*@${digest}`)).toMatchObject({
    problem: expect.stringContaining("is not one repository"),
  });
  expect(parseCopyOrigin("TEAM")).toMatchObject({ problem: expect.anything() });
});

test("parseCopyTarget() refuses digests and globs", () => {
  expect(parseCopyTarget("team/app:v1")).toMatchObject({ value: { kind: "store", name: "team/app" } });
  for (const text of [`team/app@${digest}`, `oci:dir@${digest}`, "team/*"]) {
    expect(parseCopyTarget(text)).toMatchObject({ problem: expect.anything() });
  }
});
