import { expect, test } from "bun:test";
import { SharedWork, TooMuchWorkError } from "../../src/lib/shared-work.ts";

/** Work that ends when it is told to. */
function paused() {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const signals: AbortSignal[] = [];
  const work = (signal: AbortSignal) => {
    signals.push(signal);
    return promise;
  };
  return { work, resolve, reject, signals };
}

test("equal questions share one computation", async () => {
  const shared = new SharedWork<number>({ maxRunning: 2, maxWaiting: 0 });
  const { work, resolve, signals } = paused();
  const answers = [shared.run("a", undefined, work), shared.run("a", undefined, work)];
  resolve(7);
  expect([await Promise.all(answers), signals.length]).toEqual([[7, 7], 1]);
  await shared.run("a", undefined, work);
  expect(signals.length).toBe(2);
});

test("a caller that leaves is answered at once, and the last one ends the computation", async () => {
  const shared = new SharedWork<number>({ maxRunning: 1, maxWaiting: 0 });
  const { work, reject, signals } = paused();
  const [one, other] = [new AbortController(), new AbortController()];
  const first = shared.run("a", one.signal, work).catch((error: Error) => error.name);
  const second = shared.run("a", other.signal, work).catch((error: Error) => error.name);
  one.abort();
  expect([await first, signals[0]?.aborted]).toEqual(["AbortError", false]);
  other.abort();
  expect([await second, signals[0]?.aborted]).toEqual(["AbortError", true]);
  // A question that comes after that is a new one, although the old one has not ended yet.
  expect(await shared.run("a", undefined, work).catch((error) => error)).toBeInstanceOf(TooMuchWorkError);
  reject(new Error("ended"));
  await Promise.resolve();
});

test("only so many are computed at once; of the others so many wait, and more are refused", async () => {
  const shared = new SharedWork<number>({ maxRunning: 1, maxWaiting: 1 });
  const [first, second] = [paused(), paused()];
  const one = shared.run("a", undefined, first.work);
  const two = shared.run("b", undefined, second.work);
  expect(await shared.run("c", undefined, second.work).catch((error) => error)).toBeInstanceOf(TooMuchWorkError);
  expect([shared.running, second.signals.length]).toEqual([1, 0]);
  first.resolve(1);
  second.resolve(2);
  expect([await one, await two, shared.running]).toEqual([1, 2, 0]);
});

test("what waits for a place and is no longer wanted is not computed", async () => {
  const shared = new SharedWork<number>({ maxRunning: 1, maxWaiting: 1 });
  const [first, second] = [paused(), paused()];
  const gone = new AbortController();
  const one = shared.run("a", undefined, first.work);
  const two = shared.run("b", gone.signal, second.work).catch((error: Error) => error.name);
  gone.abort();
  first.resolve(1);
  expect([await one, await two, second.signals.length]).toEqual([1, "AbortError", 0]);
});

test("a failure reaches everybody who asked, and the next question is computed anew", async () => {
  const shared = new SharedWork<number>({ maxRunning: 1, maxWaiting: 0 });
  const fail = async () => {
    throw new Error("no");
  };
  const answers = [shared.run("a", undefined, fail), shared.run("a", undefined, fail)];
  expect((await Promise.allSettled(answers)).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(await shared.run("a", undefined, async () => 3)).toBe(3);
});
