import { expect, test } from "bun:test";
import { SharedSync } from "../../src/storage/shared-sync.ts";

/** A sync whose runs the test ends. */
function controlled() {
  const runs: PromiseWithResolvers<void>[] = [];
  const shared = new SharedSync(() => {
    const run = Promise.withResolvers<void>();
    runs.push(run);
    return run.promise;
  });
  return { runs, shared };
}

test("run() begins at once, and all who come meanwhile wait for one more", async () => {
  const { runs, shared } = controlled();
  const outcomes: string[] = [];
  const ask = (name: string) => shared.run().then(() => void outcomes.push(name));
  const first = ask("first");
  const others = ["second", "third", "fourth"].map(ask);
  expect(runs.length).toBe(1);
  runs[0]?.resolve();
  await first;
  expect([outcomes, runs.length]).toEqual([["first"], 2]);
  // What this one has written may have come too late for the second run.
  const last = ask("last");
  runs[1]?.resolve();
  await Promise.all(others);
  runs[2]?.resolve();
  await last;
  expect([outcomes, runs.length, shared.isIdle]).toEqual([["first", "second", "third", "fourth", "last"], 3, true]);
});

test("run() fails for all who waited for the same one, and for nobody else", async () => {
  const { runs, shared } = controlled();
  const first = shared.run().catch((error: Error) => error.message);
  const others = [shared.run(), shared.run()].map((run) => run.catch((error: Error) => error.message));
  runs[0]?.resolve();
  expect(await first).toBeUndefined();
  runs[1]?.reject(new Error("EIO"));
  const last = shared.run();
  expect(await Promise.all(others)).toEqual(["EIO", "EIO"]);
  runs[2]?.resolve();
  expect(await last).toBeUndefined();
});
