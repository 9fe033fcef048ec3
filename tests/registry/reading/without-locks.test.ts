import { expect, test } from "bun:test";
import { withoutLocks } from "../../../src/registry/reading/without-locks.ts";
import { pushImage, stocked } from "../stocked.ts";

test("a store without locks never has one, and holds up nobody who takes one", async () => {
  const stock = stocked();
  const { changes } = withoutLocks(stock.store);
  expect(await changes.adding("app", { waitMs: 0 })).toBeUndefined();
  expect(await changes.removing("app", { keys: [], waitMs: 0 })).toBeUndefined();
  expect(await changes.hold("gc", "x")).toHaveProperty("heldBy");
  expect(changes.keepsProcessesApart()).toBe(stock.store.changes.keepsProcessesApart());
  await pushImage(stock, "app", { tag: "1" });
});
