import { expect, test } from "bun:test";
import { LoginFailures, networkOf } from "../../src/http/login-failures.ts";
import { RegistryError } from "../../src/oci/errors.ts";

test("LoginFailures refuses an address after too many failures, for the rest of the minute", () => {
  let nowMs = 0;
  const failures = new LoginFailures(2, () => nowMs);
  const attempt = (address: string) => {
    try {
      failures.attempt(address);
      return "allowed";
    } catch (error) {
      return error instanceof RegistryError ? [error.code, error.refusal.retryAfterSeconds] : error;
    }
  };
  const seen: unknown[] = [attempt("a")];
  nowMs = 10_000;
  seen.push(attempt("a"), attempt("a"), attempt("b"));
  nowMs = 59_999;
  seen.push(attempt("a"));
  nowMs = 60_000;
  seen.push(attempt("a"));
  expect(seen).toEqual([
    "allowed",
    "allowed",
    ["TOO_MANY_REQUESTS", 50],
    "allowed",
    ["TOO_MANY_REQUESTS", 1],
    "allowed",
  ]);
});

test("LoginFailures counts attempts that are under way, and forgives those that turn out to be right", () => {
  const failures = new LoginFailures(2, () => 0);
  for (let login = 0; login < 10; login += 1) {
    failures.attempt("a");
    failures.forgive("a");
  }
  failures.attempt("a");
  failures.attempt("a");
  expect(() => failures.attempt("a")).toThrow("too many failed logins");
});

test.each([
  ["192.0.2.7", "192.0.2.7"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
  ["2001:DB8:1:2:ffff::1", "2001:db8:1:2"],
  ["2001:db8::1", "2001:db8:0:0"],
  ["::1", "0:0:0:0"],
  ["fe80::1%eth0", "fe80:0:0:0"],
  ["", ""],
  ["no:address", "no:address"],
])("networkOf(%j) is %j", (address, network) => {
  expect(networkOf(address)).toBe(network);
});

test("what one process counts, another one can count as well", () => {
  const other = new LoginFailures(1, () => 0);
  const failures = new LoginFailures(
    1,
    () => 0,
    (count) => other.note(count),
  );
  const isRefused = (each: LoginFailures) => {
    try {
      each.attempt("192.0.2.1");
      return false;
    } catch {
      return true;
    }
  };
  failures.attempt("192.0.2.1");
  const refused = isRefused(other);
  failures.forgive("192.0.2.1");
  // What is told late counts for nothing rather than for less than nothing.
  other.note({ network: "192.0.2.1", change: -1 });
  expect([refused, isRefused(other), isRefused(other)]).toEqual([true, false, true]);
});
