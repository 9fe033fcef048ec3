import { expect, test } from "bun:test";
import { createPacer, inNextTurn, inTurns, type Pace, stepAside } from "../../src/lib/pacer.ts";

function work(ms: number): void {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs);
}

test("createPacer() costs nothing while the work is short", () => {
  const pace = createPacer(60_000);
  expect([pace(), pace()]).toEqual([undefined, undefined]);
});

test("createPacer() lets others run when the work has gone on for long enough", async () => {
  const pace = createPacer(2);
  let isServed = false;
  setImmediate(() => {
    isServed = true;
  });
  await pace();
  work(3);
  await pace();
  expect(isServed).toBe(true);
});

test("createPacer() goes on in the very next turn if it is to, after what is due in between", async () => {
  const pace = createPacer(2, inNextTurn);
  const order: string[] = [];
  await pace();
  work(3);
  setImmediate(() => order.push("another"));
  const waiting = pace();
  expect(waiting).toBeInstanceOf(Promise);
  const resting = new Promise((resolve) => setTimeout(resolve, 50)).then(() => order.push("a rest"));
  await waiting;
  order.push("work");
  await resting;
  expect(order).toEqual(["another", "work", "a rest"]);
});

test("createPacer() gives whoever has waited its time, however long others take in the same turn", async () => {
  const pace = createPacer(5);
  await pace();
  work(6);
  let steps = 0;
  const waiter = async () => {
    await pace();
    steps += 1;
  };
  const waiting = Promise.all(Array.from({ length: 20 }, waiter));
  // What others do in every turn.
  let turns = 0;
  const others = setInterval(() => {
    turns += 1;
    work(10);
  }, 0);
  await waiting;
  clearInterval(others);
  expect(steps).toBe(20);
  expect(turns).toBeLessThan(8);
});

/** Runs flows that each take so many steps of 1 ms; tells, in order, who took a step in which turn of the event loop. */
async function run(pace: Pace, { flows, steps }: { readonly flows: number; readonly steps: number }) {
  const taken: { readonly flow: number; readonly turn: number }[] = [];
  let turn = 0;
  let isOver = false;
  const watch = () => {
    turn += 1;
    if (!isOver) setImmediate(watch);
  };
  setImmediate(watch);
  const flowOf = async (flow: number) => {
    // A request comes in a turn, or at least a callback, of its own.
    await new Promise((resolve) => setImmediate(resolve));
    for (let step = 0; step < steps; step += 1) {
      await pace();
      taken.push({ flow, turn });
      work(1);
    }
  };
  await Promise.all(Array.from({ length: flows }, (_, flow) => flowOf(flow)));
  isOver = true;
  return taken;
}

test("createPacer() counts what goes on at the same time together", async () => {
  const taken = await run(createPacer(4), { flows: 8, steps: 10 });
  const perTurn = Map.groupBy(taken, ({ turn }) => turn);
  // With a pace of its own, each of the eight would take four.
  expect(Math.max(...[...perTurn.values()].map((steps) => steps.length))).toBeLessThan(8);
});

test("createPacer() lets everybody go on in turns", async () => {
  const taken = await run(createPacer(2), { flows: 3, steps: 10 });
  const firstEnd = taken.findIndex(
    ({ flow }, index) => taken.slice(0, index + 1).filter((one) => one.flow === flow).length === 10,
  );
  const others = Map.groupBy(taken.slice(0, firstEnd), ({ flow }) => flow);
  expect([...others.values()].every((steps) => steps.length >= 6)).toBe(true);
});

test("stepAside() lets others run every other millisecond, without a rest", async () => {
  const taken = await run(stepAside, { flows: 1, steps: 100 });
  expect(new Set(taken.map(({ turn }) => turn)).size).toBeGreaterThan(30);
});

test("inTurns() gives every item, also those that are added on the way, and lets others run", async () => {
  const items = Array.from({ length: 3000 }, (_, index) => index);
  let turns = 0;
  const timer = setInterval(() => {
    turns += 1;
  }, 0);
  const seen: number[] = [];
  for await (const item of inTurns(items)) {
    seen.push(item);
    if (item === 10) items.push(3000);
    if (item % 500 === 0) work(6);
  }
  clearInterval(timer);
  expect([seen.length, seen.at(-1), turns > 2]).toEqual([3001, 3000, true]);
});
