import { expect, test } from "bun:test";
import { TooMuchWorkError } from "../../../src/lib/shared-work.ts";
import { refuseTooMuch } from "../../../src/registry/reading/too-much-work.ts";
import { codeOf } from "../refused.ts";

test("refuseTooMuch() refuses what finds no place for now, and lets everything else pass", async () => {
  const fail = (error: Error) => async () => {
    throw error;
  };
  expect(await codeOf(refuseTooMuch(fail(new TooMuchWorkError())))).toBe("UNAVAILABLE");
  expect(await refuseTooMuch(async () => 7)).toBe(7);
  expect(await refuseTooMuch(fail(new Error("other"))).catch((error: Error) => error.message)).toBe("other");
});
