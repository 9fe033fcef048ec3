import { expect, test } from "bun:test";
import { type ErrorCode, RegistryError } from "../../src/oci/errors.ts";
import { Backoff } from "../../src/proxy/backoff.ts";

function start() {
  const clock = { ms: 1_000_000 };
  return { clock, backoff: new Backoff({ firstMs: 1000, longestMs: 5000 }, () => clock.ms) };
}

test.each<[ErrorCode, boolean, boolean]>([
  ["UPSTREAM_UNREACHABLE", true, true],
  ["UPSTREAM_TIMEOUT", true, true],
  ["UPSTREAM_UNAVAILABLE", true, true],
  ["UPSTREAM_LIMITED", true, false],
  ["UPSTREAM_DENIED", false, false],
  ["UPSTREAM_INVALID", false, false],
])("after %s manifests rest: %p, blobs: %p", (code, manifests, blobs) => {
  const { backoff } = start();
  backoff.note("manifests", new RegistryError(code));
  expect([backoff.refusal("manifests")?.code, backoff.refusal("blobs")?.code]).toEqual([
    manifests ? code : undefined,
    blobs ? code : undefined,
  ]);
});

test("the rest doubles up to its longest, and ends with the first success", () => {
  const { clock, backoff } = start();
  const rests: (number | undefined)[] = [];
  for (let failure = 0; failure < 5; failure += 1) {
    backoff.note("blobs", new RegistryError("UPSTREAM_TIMEOUT"));
    const seconds = backoff.refusal("blobs")?.refusal.retryAfterSeconds;
    rests.push(seconds);
    clock.ms += (seconds ?? 0) * 1000;
    expect(backoff.refusal("blobs")).toBeUndefined();
  }
  backoff.note("blobs", undefined);
  backoff.note("blobs", new RegistryError("UPSTREAM_TIMEOUT"));
  expect([...rests, backoff.refusal("blobs")?.refusal.retryAfterSeconds]).toEqual([1, 2, 4, 5, 5, 1]);
});

test("a Retry-After counts, but not for ever", () => {
  const { backoff } = start();
  backoff.note("manifests", new RegistryError("UPSTREAM_LIMITED", { retryAfterSeconds: 90 }));
  expect(backoff.refusal("manifests")?.refusal.retryAfterSeconds).toBe(90);
  backoff.note("manifests", new RegistryError("UPSTREAM_LIMITED", { retryAfterSeconds: 1e9 }));
  expect(backoff.refusal("manifests")?.refusal.retryAfterSeconds).toBe(300);
});
