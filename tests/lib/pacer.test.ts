import { expect, test } from "bun:test";
import { createPacer } from "../../src/lib/pacer.ts";

test("createPacer() costs nothing while the work is short", () => {
  const pace = createPacer(60_000);
  expect([pace(), pace()]).toEqual([undefined, undefined]);
});

test("createPacer() lets others run when the work has gone on for long enough", async () => {
  const pace = createPacer(0);
  let isServed = false;
  setImmediate(() => {
    isServed = true;
  });
  await pace();
  expect(isServed).toBe(true);
});
