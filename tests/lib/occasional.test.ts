import { expect, test } from "bun:test";
import { Occasional, onTimer } from "../../src/lib/occasional.ts";

function occasional(maxKeys = 10) {
  const said: (readonly [string, string, number])[] = [];
  const timers: (() => void)[] = [];
  const intervals: number[] = [];
  const notes = new Occasional<string>({
    intervalMs: 60_000,
    maxKeys,
    say: (key, last, count) => void said.push([key, last, count]),
    later: (work, delayMs) => {
      timers.push(work);
      intervals.push(delayMs);
    },
  });
  const pass = () => timers.splice(0).forEach((work) => void work());
  return { notes, said, pass, intervals };
}

test("the first case is said at once, and the others once an interval with their number and the last of them", () => {
  const { notes, said, pass, intervals } = occasional();
  for (const reason of ["first", "second", "third"]) notes.note("a", reason);
  notes.note("b", "other");
  expect(said.splice(0)).toEqual([
    ["a", "first", 1],
    ["b", "other", 1],
  ]);
  pass();
  expect(said.splice(0)).toEqual([["a", "third", 2]]);
  notes.note("a", "fourth");
  pass();
  pass();
  notes.note("a", "fifth");
  expect([said, [...new Set(intervals)]]).toEqual([
    [
      ["a", "fourth", 1],
      ["a", "fifth", 1],
    ],
    [60_000],
  ]);
});

test("more keys than are told apart are said by nobody", () => {
  const { notes, said, pass } = occasional(1);
  notes.note("a", "x");
  notes.note("b", "y");
  pass();
  notes.note("b", "z");
  expect(said).toEqual([
    ["a", "x", 1],
    ["b", "z", 1],
  ]);
});

test("onTimer() does the work", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  onTimer(resolve, 1);
  const waiting = setInterval(() => {}, 10);
  await promise;
  clearInterval(waiting);
});
