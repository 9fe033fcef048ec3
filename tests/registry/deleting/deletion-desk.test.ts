import { expect, test } from "bun:test";
import { anonymous } from "../../../src/registry/actor.ts";
import { withEvents } from "../../../src/registry/events.ts";
import { intercept } from "../../storage/intercepted.ts";
import { codeOf } from "../refused.ts";
import { named, pushImage, stocked } from "../stocked.ts";

const app = named("app");
const everything = { tags: [], digests: [], isEverything: true };

test("a repository plans and carries out deletions, and each thing that goes is told", async () => {
  const stock = stocked();
  const digest = await pushImage(stock, "app", { tag: "1" });
  const told: unknown[] = [];
  const registry = withEvents(stock.registry, async ({ deed }) => void told.push(deed));
  const { deletions } = registry.repository(app, anonymous());
  const { tags, manifests, free } = await deletions.plan({ selection: everything });
  // Nobody collects: nobody knows when it is free.
  expect([tags.length, free]).toEqual([1, undefined]);
  await deletions.carryOut({ order: { tags, manifests: manifests.map((each) => each.digest) } });
  expect(told).toMatchObject([{ kind: "manifest deleted", digest, tags: ["1"] }]);
});

test("only so many are planned at once", async () => {
  const gate = Promise.withResolvers<void>();
  let isClosed = false;
  const stock = stocked((driver) =>
    intercept(driver, {
      objects: {
        list: async () => {
          if (isClosed) await gate.promise;
        },
      },
    }),
  );
  await pushImage(stock, "app", { tag: "1" });
  isClosed = true;
  const { deletions } = stock.registry.repository(app, anonymous());
  const plans = Array.from({ length: 23 }, () => codeOf(deletions.plan({ selection: everything })));
  expect(await Promise.race(plans)).toBe("UNAVAILABLE");
  gate.resolve();
  expect((await Promise.all(plans)).filter((code) => code === "done")).toHaveLength(22);
});
