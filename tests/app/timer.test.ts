import { expect, test } from "bun:test";
import { repeat } from "../../src/app/timer.ts";

test("repeat() goes on after a failure, and reports it", async () => {
  const reported: unknown[] = [];
  let runs = 0;
  await new Promise<void>((resolve) => {
    const chore = repeat(
      async () => {
        runs += 1;
        if (runs === 1) throw new Error("first");
        chore[Symbol.dispose]();
        resolve();
      },
      { firstMs: 1, intervalMs: 1, report: (error) => reported.push(error) },
    );
  });
  expect([runs, reported]).toEqual([2, [new Error("first")]]);
});

test("repeat() stops when it is disposed of before its first run", async () => {
  let runs = 0;
  const work = async () => {
    runs += 1;
  };
  repeat(work, { firstMs: 1, intervalMs: 1, report: () => undefined })[Symbol.dispose]();
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(runs).toEqual(0);
});
