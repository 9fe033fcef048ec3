import { expect, test } from "bun:test";
import { noteRun } from "../../../src/registry/last-runs.ts";
import { openReading } from "../../../src/registry/reading/reading.ts";
import { intercept } from "../../storage/intercepted.ts";
import { schedule } from "../deleting/planned.ts";
import { codeOf } from "../refused.ts";
import { named, pushImage, stocked } from "../stocked.ts";

const app = named("app");
const page = { limit: 10, after: undefined, prefix: "" };
const tags = { limit: 10, after: undefined, order: "name", isDescending: false } as const;

test("openReading() answers what people ask of a store", async () => {
  const stock = stocked();
  await pushImage(stock, "app", { tag: "1" });
  await noteRun(stock.store, "check", { lost: 0 });
  const reading = openReading(stock.store, { isImmutable: () => true });
  expect((await reading.repositories(page)).items).toMatchObject([{ name: "app", tags: 1 }]);
  expect((await reading.components(page)).items).toMatchObject([{ component: "app", repository: { tags: 1 } }]);
  expect((await reading.tags(app, tags)).items).toMatchObject([{ tag: "1", isImmutable: true }]);
  expect(await codeOf(reading.tags(named("no"), tags))).toBe("NAME_UNKNOWN");
  expect(await reading.usage({ schedule })).toMatchObject({
    repositories: 1,
    largest: [{ name: "app" }],
    unreadable: [],
  });
  expect((await reading.lastRun("check"))?.counts).toEqual({ lost: 0 });
});

test("equal questions read the tags once; of different ones only so many are answered at once", async () => {
  let readings = 0;
  const gate = Promise.withResolvers<void>();
  const stock = stocked((driver) =>
    intercept(driver, {
      objects: {
        names: async (prefix) => {
          if (!prefix.endsWith("/tags")) return;
          readings += 1;
          await gate.promise;
        },
      },
    }),
  );
  const setup = Array.from({ length: 40 }, (_, index) => `app${index}`);
  for (const name of setup) await pushImage(stock, name, {});
  readings = 0;
  const reading = openReading(stock.store);
  const same = Array.from({ length: 5 }, () => reading.tags(named("app0"), { ...tags, question: "the same" }));
  const others = setup.slice(1).map((name) => codeOf(reading.tags(named(name), tags)));
  // Two run and thirty wait; the others are told to try again.
  await Promise.race(others);
  expect(readings).toBeLessThanOrEqual(2);
  gate.resolve();
  const refused = (await Promise.all(others)).filter((code) => code === "UNAVAILABLE");
  expect([(await Promise.all(same)).length, refused.length]).toEqual([5, 8]);
});
