import { expect, test } from "bun:test";
import { orElse, whenThere } from "../../src/lib/soon.ts";

test("what is there is used at once, and what is promised when it comes", async () => {
  const double = (value: number) => value * 2;
  const later = whenThere(Promise.resolve(2), double);
  expect([whenThere(1, double), later instanceof Promise, await later]).toEqual([2, true, 4]);
});

test("orElse() recovers from a failure now and from one to come, and leaves what succeeds as it is", async () => {
  const fail = (): number => {
    throw new Error("now");
  };
  const message = (error: unknown) => String(error);
  expect([
    orElse(() => 1, message),
    orElse(fail, message),
    await orElse(async () => 2, message),
    await orElse(async () => fail(), message),
  ]).toEqual([1, "Error: now", 2, "Error: now"]);
});
