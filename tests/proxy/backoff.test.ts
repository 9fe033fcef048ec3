import { expect, test } from "bun:test";
import { type ErrorCode, RegistryError } from "../../src/oci/errors.ts";
import { Backoff, type Subject } from "../../src/proxy/backoff.ts";
import { codeOf } from "./caching.ts";

const patience = new AbortController().signal;

/** A back-off with a clock of the test's, and attempts whose outcome the test decides. */
function start() {
  const clock = { ms: 1_000_000 };
  const backoff = new Backoff({ firstMs: 1000, longestMs: 5000 }, () => clock.ms);
  let asked = 0;
  const begin = (subject: Subject, isUrgent = false) => {
    const answer = Promise.withResolvers<string>();
    answer.promise.catch(() => undefined);
    const attempt = { subject, isUrgent, patience, isGivenUp: () => false };
    const outcome = backoff.admit(attempt).then((learnFrom) => {
      asked += 1;
      return learnFrom(answer.promise);
    });
    const seen = outcome.catch((error: unknown) => error);
    return {
      seen,
      succeed: () => answer.resolve("answer"),
      fail: (code: ErrorCode, seconds?: number) => {
        answer.reject(new RegistryError(code, seconds === undefined ? {} : { retryAfterSeconds: seconds }));
      },
    };
  };
  const fail = async (subject: Subject, code: ErrorCode, seconds?: number) => {
    const attempt = begin(subject);
    attempt.fail(code, seconds);
    await attempt.seen;
  };
  /** For how long the subject rests still; 0 where the upstream is asked. */
  const restSeconds = async (subject: Subject) => {
    const before = asked;
    const attempt = begin(subject, false);
    attempt.fail("DIGEST_INVALID");
    const error = await attempt.seen;
    return asked > before || !(error instanceof RegistryError) ? 0 : error.refusal.retryAfterSeconds;
  };
  return { clock, backoff, begin, fail, restSeconds, asked: () => asked };
}

/** Lets everything continue that waits only for the next turn. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

test.each<[ErrorCode, number, number]>([
  ["UPSTREAM_UNREACHABLE", 1, 1],
  ["UPSTREAM_TIMEOUT", 1, 1],
  ["UPSTREAM_UNAVAILABLE", 1, 1],
  ["UPSTREAM_LIMITED", 1, 0],
  ["UPSTREAM_DENIED", 0, 0],
  ["UPSTREAM_INVALID", 0, 0],
])("after %s manifests rest for %p s, blobs for %p s", async (code, manifests, blobs) => {
  const { fail, restSeconds } = start();
  await fail("manifests", code);
  expect([await restSeconds("manifests"), await restSeconds("blobs")]).toEqual([manifests, blobs]);
});

test("the rest doubles up to its longest, and ends with the first success", async () => {
  const { clock, begin, fail, restSeconds } = start();
  const rests: (number | undefined)[] = [];
  for (let failure = 0; failure < 5; failure += 1) {
    await fail("blobs", "UPSTREAM_TIMEOUT");
    const seconds = await restSeconds("blobs");
    rests.push(seconds);
    clock.ms += (seconds ?? 0) * 1000;
  }
  const good = begin("blobs");
  good.succeed();
  await good.seen;
  await fail("blobs", "UPSTREAM_TIMEOUT");
  expect([...rests, await restSeconds("blobs")]).toEqual([1, 2, 4, 5, 5, 1]);
});

test("a Retry-After counts, but not for ever", async () => {
  const { clock, fail, restSeconds } = start();
  await fail("manifests", "UPSTREAM_LIMITED", 90);
  const first = await restSeconds("manifests");
  clock.ms += 90_000;
  await fail("manifests", "UPSTREAM_LIMITED", 1e9);
  expect([first, await restSeconds("manifests")]).toEqual([90, 300]);
});

test("attempts that meet a dead upstream together are one failure", async () => {
  const { begin, restSeconds } = start();
  const together = Array.from({ length: 8 }, () => begin("blobs"));
  for (const attempt of together) attempt.fail("UPSTREAM_UNREACHABLE");
  await Promise.all(together.map(({ seen }) => seen));
  expect(await restSeconds("blobs")).toBe(1);
});

test("urgent attempts that fail during a rest do not make it longer", async () => {
  const { clock, begin, fail, restSeconds } = start();
  await fail("blobs", "UPSTREAM_UNREACHABLE");
  for (let round = 0; round < 5; round += 1) {
    const urgent = begin("blobs", true);
    urgent.fail("UPSTREAM_UNREACHABLE");
    await urgent.seen;
  }
  const rest = await restSeconds("blobs");
  clock.ms += 1000;
  expect([rest, await restSeconds("blobs"), await restSeconds("manifests")]).toEqual([1, 0, 0]);
});

test("a failure that began before the upstream came back says nothing about it now", async () => {
  const { begin, fail, restSeconds } = start();
  const slow = begin("blobs");
  await fail("blobs", "UPSTREAM_UNREACHABLE");
  const good = begin("blobs", true);
  good.succeed();
  await good.seen;
  slow.fail("UPSTREAM_TIMEOUT");
  await slow.seen;
  expect(await restSeconds("blobs")).toBe(0);
});

test("after a rest one tries alone, and what becomes of it holds for those who wait", async () => {
  const { clock, begin, fail, asked } = start();
  await fail("blobs", "UPSTREAM_UNREACHABLE");
  clock.ms += 1000;
  const before = asked();
  const crowd = Array.from({ length: 8 }, () => begin("blobs"));
  await settle();
  const alone = asked() - before;
  crowd[0]?.fail("UPSTREAM_UNREACHABLE");
  const codes = await Promise.all(crowd.map(async ({ seen }) => codeOf(await seen)));
  expect([alone, asked() - before, new Set(codes)]).toEqual([1, 1, new Set(["UPSTREAM_UNREACHABLE"])]);
  clock.ms += 2000;
  const next = Array.from({ length: 8 }, () => begin("blobs"));
  await settle();
  const aloneAgain = asked() - before;
  next[0]?.succeed();
  await settle();
  expect([aloneAgain, asked() - before]).toEqual([2, 9]);
  for (const { succeed } of next) succeed();
  expect(await Promise.all(next.map(({ seen }) => seen))).toEqual(Array.from({ length: 8 }, () => "answer"));
});

test("an urgent attempt waits for no trial, and whoever waits for one has an end to his patience", async () => {
  const { clock, backoff, begin, fail } = start();
  await fail("blobs", "UPSTREAM_UNREACHABLE");
  clock.ms += 1000;
  const trial = begin("blobs");
  const urgent = begin("blobs", true);
  urgent.fail("UPSTREAM_DENIED");
  await urgent.seen;
  await fail("blobs", "UPSTREAM_UNREACHABLE");
  clock.ms += 1000;
  const gone = new AbortController();
  const waiting = backoff.admit({
    subject: "blobs",
    isUrgent: false,
    patience: gone.signal,
    isGivenUp: () => false,
  });
  gone.abort(new RegistryError("UPSTREAM_TIMEOUT"));
  expect(codeOf(await waiting.catch((error: unknown) => error))).toBe("UPSTREAM_TIMEOUT");
  trial.succeed();
});

test("whoever went away says nothing about the upstream, and leaves the trial to the next", async () => {
  const { clock, backoff, fail, restSeconds } = start();
  await fail("blobs", "UPSTREAM_UNREACHABLE");
  clock.ms += 1000;
  const attempt = { subject: "blobs", isUrgent: false, patience, isGivenUp: () => true } as const;
  const learnFrom = await backoff.admit(attempt);
  await learnFrom(Promise.reject(new RegistryError("UPSTREAM_UNREACHABLE"))).catch(() => undefined);
  expect(await restSeconds("blobs")).toBe(0);
});
