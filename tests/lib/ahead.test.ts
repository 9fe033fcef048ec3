import { expect, test } from "bun:test";
import { mapAhead } from "../../src/lib/ahead.ts";

test("mapAhead() keeps the order, and the bound", async () => {
  let [running, most] = [0, 0];
  const work = async (item: number) => {
    running += 1;
    most = Math.max(most, running);
    for (let turn = 0; turn < 10 - item; turn += 1) await undefined;
    running -= 1;
    return item * 2;
  };
  expect(await Array.fromAsync(mapAhead([1, 2, 3, 4, 5], 3, work))).toEqual([2, 4, 6, 8, 10]);
  expect(most).toBe(3);
});

test("mapAhead() fails where the work fails, after what came before it", async () => {
  const seen: number[] = [];
  const work = async (item: number) => {
    if (item > 2) throw new Error(String(item));
    return item;
  };
  const reading = (async () => {
    for await (const each of mapAhead([1, 2, 3, 4], 4, work)) seen.push(each);
  })();
  expect(await reading.catch(String)).toBe("Error: 3");
  expect(seen).toEqual([1, 2]);
});

test("mapAhead() may be left early", async () => {
  for await (const each of mapAhead([1, 2, 3], 2, async (item) => item)) {
    expect(each).toBe(1);
    break;
  }
});
