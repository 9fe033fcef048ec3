import { describe, expect, test } from "bun:test";
import { Lease, takeLease } from "../../../src/storage/s3/lease.ts";
import { bytesOf, openBucket } from "./bucket.ts";

function leasing() {
  const bucket = openBucket();
  let count = 0;
  const take = async (note: string) =>
    await takeLease(bucket.objects, { key: "gc/lease", note, newId: () => `id-${++count}`, lifetimeMs: 120_000 });
  return { ...bucket, take };
}

const held = (taken: Awaited<ReturnType<typeof takeLease>>) => (taken instanceof Lease ? "taken" : taken.heldBy);

describe("a lease", () => {
  test("is held by one, and free when he lets go", async () => {
    const { take } = leasing();
    const first = await take("one");
    const second = held(await take("two"));
    if (first instanceof Lease) await first[Symbol.asyncDispose]();
    expect([held(first), second, held(await take("three"))]).toEqual(["taken", "one", "taken"]);
  });

  test("of many that want it at once one gets", async () => {
    const { take } = leasing();
    const outcomes = (await Promise.all(["a", "b", "c", "d"].map(take))).map(held);
    expect(outcomes.filter((each) => each === "taken").length).toBe(1);
  });

  test("lasts as long as it is kept, and is free some time after a death", async () => {
    const { take, engine } = leasing();
    const first = await take("one");
    const seen: unknown[] = [];
    for (let minute = 1; minute <= 5; minute += 1) {
      engine.nowMs += 60_000;
      if (first instanceof Lease) seen.push(await first.keep());
    }
    const kept = held(await take("two"));
    engine.nowMs += 121_000;
    const second = await take("three");
    engine.nowMs += 60_000;
    if (first instanceof Lease) seen.push(await first.keep(), await first[Symbol.asyncDispose]());
    expect([seen, kept, held(second), held(await take("four"))]).toEqual([
      [true, true, true, true, true, false, undefined],
      "one",
      "taken",
      "three",
    ]);
  });

  test("that nobody can read is free", async () => {
    const { take, engine } = leasing();
    engine.objects.set("gc/lease", bytesOf("{"));
    expect(held(await take("one"))).toBe("taken");
  });
});
