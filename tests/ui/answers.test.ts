import { expect, test } from "bun:test";
import { isAnonymous, type SessionAnswer } from "../../src/ui/answers.ts";

test.each([
  ["anonymous", true],
  ["user", false],
  ["apiToken", false],
] as const)("isAnonymous() of a session of kind %s", (kind, want) => {
  const session: SessionAnswer = {
    user: null,
    kind,
    seesEverything: false,
    login: null,
    deletion: { isPossible: true, reason: null },
  };
  expect(isAnonymous(session)).toEqual(want);
});
