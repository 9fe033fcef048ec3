import { expect, test } from "bun:test";
import { LoginFailures } from "../../src/http/login-failures.ts";
import { RegistryError } from "../../src/oci/errors.ts";

test("LoginFailures refuses an address after too many failures, for the rest of the minute", () => {
  let nowMs = 0;
  const failures = new LoginFailures(2, () => nowMs);
  const check = (address: string) => {
    try {
      failures.check(address);
      return "allowed";
    } catch (error) {
      return error instanceof RegistryError ? [error.code, error.refusal.retryAfterSeconds] : error;
    }
  };
  const seen = [check("a")];
  failures.add("a");
  seen.push(check("a"));
  nowMs = 10_000;
  failures.add("a");
  seen.push(check("a"), check("b"));
  nowMs = 59_999;
  seen.push(check("a"));
  nowMs = 60_000;
  seen.push(check("a"));
  expect(seen).toEqual([
    "allowed",
    "allowed",
    ["TOO_MANY_REQUESTS", 50],
    "allowed",
    ["TOO_MANY_REQUESTS", 1],
    "allowed",
  ]);
});
