import { expect, test } from "bun:test";
import { requireDigest, requireName } from "../../src/http/route-parts.ts";

const digest = `sha256:${"a".repeat(64)}`;

test("requireName() and requireDigest() give back what fits the grammar", () => {
  expect([requireName(["team", "app"]), requireDigest(digest)] as string[]).toEqual(["team/app", digest]);
});

test("requireName() and requireDigest() refuse the rest, and quote only so much of it", () => {
  const refusal = (action: () => unknown) => {
    try {
      return action();
    } catch (error) {
      return error;
    }
  };
  expect([
    refusal(() => requireName(["A".repeat(1000)])),
    refusal(() => requireDigest("x".repeat(1000))),
  ]).toMatchObject([
    { code: "NAME_INVALID", refusal: { detail: { name: "A".repeat(300) } } },
    { code: "DIGEST_INVALID", refusal: { detail: { digest: "x".repeat(200) } } },
  ]);
});
