import { expect, test } from "bun:test";
import { anonymous } from "../../../src/registry/actor.ts";
import { markCached } from "../../../src/registry/cached.ts";
import { blobKey, layersPrefix } from "../../../src/registry/layout.ts";
import { measureUsage, type RepositoryUsage } from "../../../src/registry/reading/usage.ts";
import { intercept } from "../../storage/intercepted.ts";
import { schedule } from "../deleting/planned.ts";
import { collect } from "../gc/collected.ts";
import { named, pushBlob, pushImage, type Stocked, stocked, utf8 } from "../stocked.ts";

const day = 86_400_000;
const grace = { ...schedule, graceMs: day };

async function measure(stock: Stocked, request = { schedule: grace }) {
  const repositories: Record<string, RepositoryUsage> = {};
  const each = (usage: RepositoryUsage) => {
    repositories[usage.name] = usage;
  };
  return { ...(await measureUsage(stock.store, { ...request, each })), each: repositories };
}

async function sizeOf({ store }: Stocked, digest: Awaited<ReturnType<typeof pushImage>>): Promise<number> {
  return (await store.objects.stat(blobKey(digest)))?.sizeBytes ?? 0;
}

test("measureUsage() tells what each repository holds, and what of it nobody else does", async () => {
  const stock = stocked();
  const one = await pushImage(stock, "app", { tag: "1", layers: ["own", "common"] });
  const two = await pushImage(stock, "other", { tag: "1", layers: ["common"] });
  const [a, b] = [await sizeOf(stock, one), await sizeOf(stock, two)];
  const usage = await measure(stock);
  expect(usage).toMatchObject({
    repositories: 2,
    tags: 2,
    manifests: 2,
    blobs: { count: 5, sizeBytes: a + b + 6 + 3 + 6 },
    waiting: { count: 0, sizeBytes: 0 },
    trash: { count: 0, sizeBytes: 0 },
    free: undefined,
    uploads: { sessions: 0, sizeBytes: 0 },
    each: {
      app: { sizeBytes: a + 6 + 3 + 6, ownBytes: a + 3, garbageBytes: 0, tags: 1, manifests: 1, problems: [] },
      other: { sizeBytes: b + 6 + 6, ownBytes: b, garbageBytes: 0 },
    },
  });
});

test("measureUsage() follows garbage from its last link to the end of the trash, and says when it is free", async () => {
  const stock = stocked();
  const digest = await pushImage(stock, "app", { tag: "1", layers: ["gone"] });
  await pushImage(stock, "app", { tag: "2", layers: ["stays"] });
  const size = await sizeOf(stock, digest);
  await stock.registry.repository(named("app"), anonymous()).manifests.delete(digest);
  const startMs = stock.store.now();
  const linked = await measure(stock);
  expect(linked).toMatchObject({
    waiting: { count: 2, sizeBytes: size + 4 },
    trash: { count: 0 },
    free: { fromMs: startMs + 2 * day, byMs: startMs + 4 * day },
    each: { app: { garbageBytes: 4 } },
  });
  stock.wait(day);
  await collect(stock);
  expect(await measure(stock)).toMatchObject({
    waiting: { count: 0 },
    trash: { count: 2, sizeBytes: size + 4 },
    free: { fromMs: startMs + 2 * day, byMs: startMs + 3 * day },
  });
  stock.wait(day);
  await collect(stock);
  expect(await measure(stock)).toMatchObject({ waiting: { count: 0 }, trash: { count: 0 }, free: undefined });
});

test("measureUsage() counts what another repository needs as no garbage", async () => {
  const stock = stocked();
  const digest = await pushImage(stock, "app", { tag: "1", layers: ["a"] });
  await pushImage(stock, "other", { tag: "1", layers: ["a"] });
  await stock.registry.repository(named("app"), anonymous()).manifests.delete(digest);
  expect(await measure(stock)).toMatchObject({ waiting: { count: 0 }, each: { app: { garbageBytes: 7 } } });
});

test("measureUsage() counts manifests without a tag as garbage only where collections take them", async () => {
  const stock = stocked();
  await pushImage(stock, "app", { layers: ["a"] });
  expect((await measure(stock)).waiting?.count).toBe(0);
  expect((await measure(stock, { schedule: { ...grace, deletesUntagged: true } })).waiting?.count).toBe(3);
  // In a cache eviction decides.
  await markCached(stock.store, named("app"), "https://upstream.example/");
  expect((await measure(stock, { schedule: { ...grace, deletesUntagged: true } })).waiting?.count).toBe(0);
});

test("measureUsage() counts everything as needed in a repository that cannot be read, and tells it", async () => {
  let isBroken = false;
  const stock = stocked((driver) =>
    intercept(driver, {
      objects: {
        list: async (prefix) => {
          if (isBroken && prefix === `${layersPrefix(named("broken"))}/sha256`)
            throw Object.assign(new Error("/secret"), { code: "EIO" });
        },
      },
    }),
  );
  await pushImage(stock, "broken", { tag: "1", layers: ["only here"] });
  const damaged = await pushImage(stock, "damaged", { tag: "1", layers: ["b"] });
  await pushBlob(stock, "damaged", "unreferenced");
  await stock.store.objects.put(blobKey(damaged), utf8("?"));
  isBroken = true;
  const { each, waiting } = await measure(stock);
  expect(each.broken?.problems).toEqual(["cannot be read (EIO)"]);
  expect(each.damaged?.garbageBytes).toBe(0);
  // What only that directory links cannot be told from garbage; a collection then removes nothing.
  expect(waiting).toBeUndefined();
});

test("measureUsage() counts upload sessions, takes no lock, and ends when its caller leaves", async () => {
  const stock = stocked();
  await pushImage(stock, "app", { tag: "1" });
  await stock.registry.repository(named("app"), anonymous()).uploads.start("sha256");
  using _held = await stock.store.locks.take("app", "alone", { waitMs: 0 });
  expect((await measure(stock)).uploads).toEqual({ sessions: 1, sizeBytes: 0 });
  const request = { schedule: grace, signal: AbortSignal.abort() };
  expect(await measureUsage(stock.store, request).catch((error: Error) => error.name)).toBe("AbortError");
});
