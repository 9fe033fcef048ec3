import { expect, test } from "bun:test";
import { tagPrefix, tagPulledKey } from "../../src/registry/layout.ts";
import { PullTimes, readPulledMs, recordedSinceMs } from "../../src/registry/pulls.ts";
import { withRemoving } from "../../src/registry/store.ts";
import { removeTag } from "../../src/registry/tags.ts";
import { answering, intercept } from "../storage/intercepted.ts";
import { named, pushImage, stocked, tagged } from "./stocked.ts";

const hourMs = 3_600_000;
const app = named("app");
const one = tagged("1");

test("a pull is recorded, at most once an hour", async () => {
  const writes: string[] = [];
  const note = (key: string) => {
    if (key.endsWith("pulled")) writes.push(key);
  };
  const stock = stocked((driver) => intercept(driver, { objects: { put: note, renew: note } }));
  await pushImage(stock, "app", { tag: "1" });
  const pulls = new PullTimes(stock.store);
  const firstMs = stock.store.now();
  pulls.note(app, one);
  await pulls.settled();
  const first = [await readPulledMs(stock.store, app, one), await recordedSinceMs(stock.store)];
  stock.wait(hourMs - 1);
  pulls.note(app, one);
  await pulls.settled();
  const between = await readPulledMs(stock.store, app, one);
  stock.wait(1);
  pulls.note(app, one);
  await pulls.settled();
  expect([first, between, await readPulledMs(stock.store, app, one), await recordedSinceMs(stock.store)]).toEqual([
    [firstMs, firstMs],
    firstMs,
    firstMs + hourMs,
    firstMs,
  ]);
  // Each looks whether the file is there, and the first makes it.
  expect(writes).toEqual(Array(3).fill(tagPulledKey(app, one)));
});

test("of what was never pulled nothing is known, and in a store without records since when is not either", async () => {
  const stock = stocked();
  await pushImage(stock, "app", { tag: "1" });
  expect([await readPulledMs(stock.store, app, one), await recordedSinceMs(stock.store)]).toEqual([
    undefined,
    Number.POSITIVE_INFINITY,
  ]);
});

test("the record of a tag that was removed meanwhile does not bring its directory back", async () => {
  const stock = stocked();
  await pushImage(stock, "app", { tag: "1" });
  await withRemoving(stock.store, app, [], (removing) => removeTag(stock.store, app, { removing, tag: one }));
  const pulls = new PullTimes(stock.store);
  pulls.note(app, one);
  await pulls.settled();
  expect(await stock.store.directory.prefixTime(tagPrefix(app, one))).toBeUndefined();
});

test.each(["the disk is full", "the repository is busy"])(
  "where %s a pull is not recorded, and the next one is",
  async (why) => {
    const stock = stocked();
    await pushImage(stock, "app", { tag: "1" });
    let isOver = false;
    const pulls = new PullTimes({
      ...stock.store,
      ...answering(stock.store, {
        objects: {
          put: async (key, bytes) => {
            if (why === "the disk is full" && !isOver) throw Object.assign(new Error("full"), { code: "ENOSPC" });
            await stock.store.objects.put(key, bytes);
          },
        },
      }),
    });
    {
      using _lock =
        why === "the repository is busy" ? await stock.store.locks.take(app, "alone", { waitMs: 0 }) : undefined;
      pulls.note(app, one);
      await pulls.settled();
    }
    isOver = true;
    const before = await readPulledMs(stock.store, app, one);
    pulls.note(app, one);
    await pulls.settled();
    expect([before, await readPulledMs(stock.store, app, one)]).toEqual([undefined, stock.store.now()]);
  },
);
