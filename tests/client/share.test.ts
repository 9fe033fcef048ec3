import { expect, test } from "bun:test";
import { Shared } from "../../src/client/share.ts";

test("work under way is shared by key, and repeated afterwards, also after a failure", async () => {
  const shared = new Shared<number>();
  let runs = 0;
  const work = async () => {
    runs += 1;
    if (runs === 2) throw new Error("no");
    return runs;
  };
  const both = await Promise.all([shared.run("a", 60_000, work), shared.run("a", 60_000, work)]);
  const failed = await shared.run("a", 60_000, work).catch(() => "failed");
  const other = await Promise.all([shared.run("a", 60_000, work), shared.run("b", 60_000, work)]);
  expect([both, failed, other]).toEqual([[1, 1], "failed", [3, 4]]);
});

test("nobody joins work that is past its time, and its end takes nothing from the next", async () => {
  const shared = new Shared<string>();
  const dead = Promise.withResolvers<string>();
  const first = shared.run("a", 0, () => dead.promise);
  const second = Promise.withResolvers<string>();
  const others = [shared.run("a", 0, () => second.promise)];
  dead.resolve("late");
  expect(await first).toBe("late");
  others.push(shared.run("a", 60_000, async () => "never asked for"));
  second.resolve("in time");
  expect(await Promise.all(others)).toEqual(["in time", "in time"]);
});
