import { expect, test } from "bun:test";
import { startVerifyCounters, verifyExitCode } from "../../../src/registry/verify/report.ts";

test.each([
  [{}, 0],
  [{ repairable: 1 }, 1],
  [{ repairable: 2, repaired: 2 }, 0],
  [{ repairable: 2, untidy: 1, repaired: 2 }, 1],
  [{ unconfirmed: 1 }, 1],
  [{ lost: 1, quarantined: 1 }, 2],
  [{ lost: 1, repairable: 1, repaired: 1 }, 2],
])("verifyExitCode() of %p is %p", (counted, code) => {
  expect(verifyExitCode({ ...startVerifyCounters(), ...counted })).toBe(code as 0 | 1 | 2);
});
