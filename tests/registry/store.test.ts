import { expect, test } from "bun:test";
import { RegistryError } from "../../src/oci/errors.ts";
import { withLock } from "../../src/registry/store.ts";
import { answering } from "../storage/intercepted.ts";
import { named, stocked } from "./stocked.ts";

const app = named("app");

test.each([
  ["shared", true],
  ["alone", false],
] as const)("withLock() holds the lock %s while the work is done, and no longer", async (mode, isShared) => {
  const { store } = stocked();
  const isFree = async () => {
    using lock = await store.locks.take(app, "shared", { waitMs: 0 });
    return lock !== undefined;
  };
  const answers = [await withLock(store, app, mode, isFree)];
  using alone = await store.locks.take(app, "alone", { waitMs: 0 });
  expect([...answers, alone !== undefined]).toEqual([isShared, true]);
});

test("withLock() lets go when the work fails", async () => {
  const { store } = stocked();
  const fail = () => Promise.reject(new Error("broken"));
  await expect(withLock(store, app, "alone", fail)).rejects.toThrow("broken");
  expect(await withLock(store, app, "alone", async () => "done")).toBe("done");
});

test("withLock() refuses when the lock is not to be had, without doing the work", async () => {
  const waits: number[] = [];
  const { store } = stocked((driver) =>
    answering(driver, {
      locks: {
        take: async (_name, _mode, { waitMs }) => {
          waits.push(waitMs);
          return undefined;
        },
      },
    }),
  );
  let isDone = false;
  const error = await withLock(store, app, "shared", async () => {
    isDone = true;
  }).catch((reason: unknown) => reason);
  const { code, refusal } = error as RegistryError;
  expect([error instanceof RegistryError, code, refusal.message, refusal.retryAfterSeconds, isDone, waits]).toEqual([
    true,
    "UNAVAILABLE",
    "repository busy; try again",
    1,
    false,
    [10_000],
  ]);
});
