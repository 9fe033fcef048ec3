import { describe, expect, test } from "bun:test";
import { RegistryError } from "../../src/oci/errors.ts";
import { type Store, withAdding, withRemoving } from "../../src/registry/store.ts";
import { answering } from "../storage/intercepted.ts";
import { named, stocked } from "./stocked.ts";

const app = named("app");

/** Each way to do some work in a repository. */
const ways = {
  "withAdding()": (store: Store, work: () => Promise<unknown>) => withAdding(store, app, work),
  "withAdding(), on a condition,": (store: Store, work: () => Promise<unknown>) =>
    withAdding(store, app, work, { isConditional: true }),
  "withRemoving()": (store: Store, work: () => Promise<unknown>) => withRemoving(store, app, [], work),
} as const;

describe.each(Object.entries(ways))("%s", (name, begin) => {
  test("has the repository while the work is done, and no longer", async () => {
    const { store } = stocked();
    const isFree = async () => {
      await using adding = await store.changes.adding(app, { waitMs: 0 });
      return adding !== undefined;
    };
    const answers = [await begin(store, isFree)];
    await using removing = await store.changes.removing(app, { keys: [], waitMs: 0 });
    const isShared = name === "withAdding()";
    expect([...answers, removing !== undefined]).toEqual([isShared, true]);
  });

  test("lets go when the work fails", async () => {
    const { store } = stocked();
    const fail = () => Promise.reject(new Error("broken"));
    await expect(begin(store, fail)).rejects.toThrow("broken");
    expect(await withRemoving(store, app, [], async () => "done")).toBe("done");
  });

  test("refuses when the repository is not to be had, without doing the work", async () => {
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
    const work = async () => {
      isDone = true;
    };
    const error = await begin(store, work).catch((reason: unknown) => reason);
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
});

test("withRemoving() refuses what took longer than it was announced for, and lets other errors pass", async () => {
  const { store } = stocked();
  const codes = ["ETIMEDOUT", "EIO"].map(async (code) => {
    const fail = () => Promise.reject(Object.assign(new Error(code), { code }));
    return await withRemoving(store, app, [], fail).catch((error) => error.code);
  });
  expect(await Promise.all(codes)).toEqual(["UNAVAILABLE", "EIO"]);
});

test("withAdding() is refused for what the work refused, whatever its end comes to; and for that if nothing else", async () => {
  const flush = async () => {
    throw new Error("EROFS");
  };
  const { store } = stocked((driver) => answering(driver, { objects: { flush } }));
  const refused = withAdding(store, app, () => Promise.reject(new Error("unknown")));
  await expect(refused).rejects.toThrow("unknown");
  await expect(withAdding(store, app, async () => "done")).rejects.toThrow("EROFS");
});
