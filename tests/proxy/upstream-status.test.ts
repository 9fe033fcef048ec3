import { expect, test } from "bun:test";
import { RegistryError } from "../../src/oci/errors.ts";
import { isFound } from "../../src/proxy/upstream-status.ts";

const anybody = { host: "up.example", hasUser: false, nowMs: 0 };

test.each([
  [200, true],
  [206, true],
  [404, false],
])("isFound() of %p is %p", (status, want) => {
  expect(isFound({ status, headers: new Headers() }, anybody)).toBe(want);
});

test.each([
  [401, "UPSTREAM_DENIED", false, /may not be pulled by everybody; no user is configured$/],
  [403, "UPSTREAM_DENIED", true, /may not be pulled by the user who is configured$/],
  [429, "UPSTREAM_LIMITED", false, /^up\.example answers 429: too many requests$/],
  [504, "UPSTREAM_TIMEOUT", false, /answers 504$/],
  [500, "UPSTREAM_UNAVAILABLE", false, /answers 500$/],
  [302, "UPSTREAM_INVALID", false, /answers 302$/],
])("isFound() of %p refuses with %s", (status, code, hasUser, message) => {
  const judge = () => isFound({ status, headers: new Headers() }, { ...anybody, hasUser });
  expect(judge).toThrow(message);
  expect(judge).toThrow(expect.objectContaining({ code }));
});

test.each([
  [429, "7", 7],
  [429, undefined, 60],
  [503, "7", 7],
  [503, undefined, undefined],
])("isFound() of %p with Retry-After %p passes on %p", (status, header, want) => {
  const headers = new Headers(header === undefined ? {} : { "Retry-After": header });
  try {
    isFound({ status, headers }, anybody);
  } catch (error) {
    expect(error instanceof RegistryError && error.refusal.retryAfterSeconds).toBe(want as number);
  }
});
