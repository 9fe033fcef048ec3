import { expect, test } from "bun:test";
import { openMemory } from "../../src/storage/memory.ts";
import { describeDriver } from "./contract.ts";
import { put } from "./store-access.ts";

describeDriver("memory", async () => {
  const driver = openMemory();
  return { driver, other: driver, [Symbol.dispose]: () => undefined };
});

test("the memory driver takes its time from the clock that it is given", async () => {
  let nowMs = 1000;
  const driver = openMemory(() => nowMs);
  await put(driver, "a/link", "x");
  const written = await driver.stat("a/link");
  nowMs = 2000;
  await driver.touch("a/link");
  expect([written?.changedMs, (await driver.stat("a/link"))?.changedMs, await driver.prefixTime("a")]).toEqual([
    1000, 2000, 1000,
  ]);
});
