import { expect, test } from "bun:test";
import { planPause, withRetries } from "../../src/client/retry.ts";
import { type ErrorCode, RegistryError } from "../../src/oci/errors.ts";

const patience = { pauseMs: 1, attempts: 3, longestMs: 1000, signal: new AbortController().signal };
const withCode = (code: string) => Object.assign(new Error(code), { code });

test.each([
  ["UPSTREAM_UNAVAILABLE", {}, 1, 1],
  ["UPSTREAM_UNAVAILABLE", {}, 2, 2],
  ["UPSTREAM_UNAVAILABLE", {}, 3, undefined],
  ["UPSTREAM_LIMITED", { retryAfterSeconds: 1 }, 1, 1000],
  ["UPSTREAM_LIMITED", { retryAfterSeconds: 2 }, 1, undefined],
  ["UPSTREAM_DENIED", {}, 1, undefined],
  ["UPSTREAM_UNREACHABLE", { code: "ECONNRESET" }, 1, 1],
  ["UPSTREAM_UNREACHABLE", { code: "ECONNREFUSED" }, 1, undefined],
  ["UPSTREAM_UNREACHABLE", { code: "DEPTH_ZERO_SELF_SIGNED_CERT" }, 1, undefined],
] as const)("planPause() after %s %j, attempt %p: %p", (code, about, attempt, want) => {
  const { code: cause, ...refusal } = { code: "", ...about };
  expect(planPause(new RegistryError(code, { ...refusal, cause: withCode(cause) }), attempt, patience)).toBe(
    want as number,
  );
});

test("planPause() leaves failures of ours alone", () => {
  expect(planPause(new Error("ours"), 1, patience)).toBeUndefined();
});

test("withRetries() gives the first outcome, or the last failure", async () => {
  const failing = (times: number, code: ErrorCode = "UPSTREAM_TIMEOUT") => {
    let left = times;
    return async () => {
      left -= 1;
      if (left >= 0) throw new RegistryError(code, { message: `${left} left` });
      return "done";
    };
  };
  expect(await withRetries(failing(2), patience)).toBe("done");
  expect(await withRetries(failing(3), patience).catch(String)).toContain("0 left");
  expect(await withRetries(failing(1, "UPSTREAM_DENIED"), patience).catch(String)).toContain("0 left");
});

test("withRetries() ends its pause when it is given up", async () => {
  const giveUp = new AbortController();
  const work = async () => {
    setTimeout(() => giveUp.abort(), 1);
    throw new RegistryError("UPSTREAM_TIMEOUT", { message: "late" });
  };
  const waiting = withRetries(work, { ...patience, pauseMs: 60_000, signal: giveUp.signal });
  expect(await waiting.catch(String)).toContain("late");
});
