// What goes is decided in prune.test.ts; here, how.
import { expect, test } from "bun:test";
import { planPrune } from "../../../src/registry/gc/plan.ts";
import { scanRepository } from "../../../src/registry/gc/scan.ts";
import { unlinkAll } from "../../../src/registry/gc/unlink.ts";
import { layerLink, referrerLink, repositoryPrefix, revisionLink } from "../../../src/registry/layout.ts";
import { digestOf, named, pushBlob, pushImage, stocked } from "../stocked.ts";

const app = named("app");

test("unlinkAll() takes manifests away before what they need and before what tells of them, and announced links only", async () => {
  const stock = stocked();
  const { store } = stock;
  const subject = await pushImage(stock, "app", { tag: "1" });
  const referrer = await pushImage(stock, "app", { layers: ["signature"], subject });
  await pushBlob(stock, "app", "lonely");
  const scan = await scanRepository(store, { prefix: repositoryPrefix(app), name: app });
  const plan = await planPrune({ ...scan, tags: new Map() }, { isYoung: () => false, deletesUntagged: true });
  const order: string[] = [];
  await using held = await store.changes.removing(app, { keys: [], waitMs: 0 });
  if (held === undefined) throw new Error("busy");
  const removing = {
    ...held,
    delete: async (key: string) => order.push(key) > 0,
    deleteAll: async (keys: readonly string[]) => void order.push(...keys),
    drop: async (key: string) => {
      order.push(key);
      return true;
    },
    discard: async () => true,
    [Symbol.asyncDispose]: async () => {},
  };
  await unlinkAll(store, app, { removing, scan, plan, pace: undefined });
  const links = order.filter((key) => !key.includes("/tags/"));
  expect(links.slice(0, 2).toSorted()).toEqual([revisionLink(app, subject), revisionLink(app, referrer)].toSorted());
  expect(links[2]).toBe(referrerLink(app, subject, referrer));
  expect(links.slice(3)).toContain(layerLink(app, digestOf("lonely")));
});
