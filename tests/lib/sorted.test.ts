import { expect, test } from "bun:test";
import { sortByInTurns, sortInTurns } from "../../src/lib/sorted.ts";

test.each([0, 1, 2, 4095, 4096, 4097, 12_289, 20_000])("sortInTurns() of %p names is sort()", async (length) => {
  // Each name several times, and in no order.
  const names = Array.from({ length }, (_, index) => `v${(index * 7919) % Math.ceil(length / 2 + 1)}`);
  expect(await sortInTurns(names)).toEqual(names.toSorted());
});

test("sortInTurns() goes by code units, and leaves what it is given", async () => {
  const names = ["b", "a", "é", "B", "\u{1f600}", "\uffee", ""];
  expect([await sortInTurns(names), names[0]]).toEqual([names.toSorted(), "b"]);
});

test.each([0, 1, 511, 512, 513, 5000])("sortByInTurns() of %p items keeps the order of equal ones", async (length) => {
  const items = Array.from({ length }, (_, index) => ({ index, rank: (index * 7919) % 17 }));
  const compare = (one: { rank: number }, other: { rank: number }) => one.rank - other.rank;
  expect(await sortByInTurns(items, compare)).toEqual(items.toSorted(compare));
});
