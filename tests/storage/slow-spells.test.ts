import { expect, test } from "bun:test";
import { SlowSpells } from "../../src/storage/slow-spells.ts";

/** Spells on a clock of the test's own. */
function open() {
  let nowMs = 1000;
  const spells = new SlowSpells(() => nowMs);
  const pass = (ms: number) => {
    nowMs += ms;
  };
  const call = (tookMs: number) => spells.now(() => pass(tookMs));
  return { spells, pass, call };
}

test("a disk is slow after four long calls within a second, and for five seconds", () => {
  const { spells, pass, call } = open();
  const seen = [spells.isSlow];
  const calls = [
    [20, 0],
    [20, 2000],
    [20, 0],
    [20, 0],
    [5, 0],
    [20, 0],
    [20, 4990],
    [0, 20],
  ] as const;
  for (const [tookMs, restMs] of calls) {
    call(tookMs);
    pass(restMs);
    seen.push(spells.isSlow);
  }
  expect(seen).toEqual([...Array(7).fill(false), true, false]);
});

test("a spell that was too short is followed by one twice as long, up to a minute, and by a short one after a calm", () => {
  const { spells, pass, call } = open();
  const lengths: number[] = [];
  for (let round = 0; round < 7; round += 1) {
    if (round === 6) pass(120_000);
    for (let count = 0; count < 4; count += 1) call(20);
    let lengthMs = 0;
    for (; spells.isSlow; lengthMs += 1000) pass(1000);
    lengths.push(lengthMs / 1000);
  }
  expect(lengths).toEqual([5, 10, 20, 40, 60, 60, 5]);
});

test("a spell does not end while a call hangs", async () => {
  const { spells, pass, call } = open();
  for (let count = 0; count < 4; count += 1) call(20);
  const hanging = Promise.withResolvers<string>();
  const answer = spells.later(() => hanging.promise);
  pass(60_000);
  const seen = [spells.isSlow];
  hanging.resolve("done");
  seen.push((await answer) === "done", spells.isSlow);
  expect(seen).toEqual([true, true, false]);
});

test("what a call throws comes through", async () => {
  const { spells } = open();
  const fail = () => {
    throw new Error("EIO");
  };
  expect(() => spells.now(fail)).toThrow("EIO");
  await expect(spells.later(async () => fail())).rejects.toThrow("EIO");
});
