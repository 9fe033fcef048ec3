import { expect, test } from "bun:test";
import { anonymous } from "../../../src/registry/actor.ts";
import { blobKey, tagCurrentLink } from "../../../src/registry/layout.ts";
import { codeOf } from "../refused.ts";
import { digestOf, named, pushImage, pushIndex, stocked, tagged } from "../stocked.ts";
import { plan, schedule } from "./planned.ts";

const day = 86_400_000;

test("a plan says what goes, with its image, and what that will free", async () => {
  const stock = stocked();
  const one = await pushImage(stock, "app", { tag: "1", layers: ["own layer", "common"] });
  const two = await pushImage(stock, "app", { tag: "2", layers: ["common"] });
  const planned = await plan(stock, "1 9");
  const size = (await stock.store.objects.stat(blobKey(one)))?.sizeBytes ?? 0;
  expect(planned).toMatchObject({
    tags: [{ tag: "1", digest: one }],
    manifests: [{ digest: one, because: "untagged", image: { sizeBytes: size + 9 + 6 + 6 } }],
    kept: [],
    unknown: ["9"],
    isComplete: true,
    freed: { count: 2, sizeBytes: size + 9 },
    shared: { count: 2, sizeBytes: 12 },
    problems: [],
  });
  const nowMs = stock.store.now();
  expect(planned.free).toEqual({ fromMs: nowMs + 2 * day, byMs: nowMs + 4 * day });
  expect(two).not.toBe(one);
});

test("what another repository holds is not freed; one that the caller may not see is not looked at", async () => {
  const stock = stocked();
  await pushImage(stock, "app", { tag: "1", layers: ["a"] });
  await pushImage(stock, "other/app", { tag: "1", layers: ["a"] });
  expect((await plan(stock, "1")).freed).toEqual({ count: 0, sizeBytes: 0 });
  expect((await plan(stock, "1", { isVisible: (name) => name === "app" })).freed.count).toBe(3);
});

test("without a schedule nobody knows when something is free", async () => {
  const stock = stocked();
  await pushImage(stock, "app", { tag: "1" });
  expect((await plan(stock, "1", { schedule: { ...schedule, intervalMs: undefined } })).free).toBeUndefined();
});

test("old content waits for the next collection and the grace in the trash", async () => {
  const stock = stocked();
  await pushImage(stock, "app", { tag: "1" });
  stock.wait(10 * day);
  const nowMs = stock.store.now();
  expect((await plan(stock, "1")).free).toEqual({ fromMs: nowMs + day, byMs: nowMs + 3 * day });
});

test("an index goes with its children, but for those that something else needs", async () => {
  const stock = stocked();
  const [arm, x86] = [
    await pushImage(stock, "app", { layers: ["arm"] }),
    await pushImage(stock, "app", { tag: "x86", layers: ["x86"] }),
  ];
  const index = await pushIndex(stock, "app", { tag: "1", children: [arm, x86] });
  expect(await plan(stock, "1")).toMatchObject({
    manifests: [
      { digest: index, because: "untagged" },
      { digest: arm, because: "child" },
    ],
    kept: [{ digest: x86, because: "tag", by: ["x86"] }],
  });
});

test("a manifest is chosen with all its tags; everything means tags and manifests without one", async () => {
  const stock = stocked();
  const digest = await pushImage(stock, "app", { tag: "1" });
  await pushImage(stock, "app", { tag: "2" });
  const untagged = await pushImage(stock, "app", { layers: ["x"] });
  expect(await plan(stock, { digests: [digest, digestOf("no")] })).toMatchObject({
    tags: [{ tag: "1" }, { tag: "2" }],
    manifests: [{ digest }],
    unknown: [digestOf("no")],
  });
  expect((await plan(stock, { isEverything: true })).manifests.map((each) => each.digest).sort()).toEqual(
    [digest, untagged].sort(),
  );
  expect((await plan(stock, { matches: (tag) => tag.startsWith("1") })).tags).toEqual([{ tag: tagged("1"), digest }]);
});

test("an immutable tag stays, and with it its manifest", async () => {
  const stock = stocked();
  const digest = await pushImage(stock, "app", { tag: "v1" });
  await pushImage(stock, "app", { tag: "x" });
  const planned = await plan(stock, { isEverything: true }, { isImmutable: (_name, tag) => tag === "v1" });
  expect(planned).toMatchObject({
    tags: [{ tag: "x" }],
    manifests: [],
    kept: [{ digest, because: "tag", by: ["v1"] }],
    immutable: ["v1"],
  });
});

test("a damaged manifest can be deleted itself, and protects what it may need", async () => {
  const stock = stocked();
  const one = await pushImage(stock, "app", { tag: "1", layers: ["a"] });
  const two = await pushImage(stock, "app", { tag: "2", layers: ["b"] });
  await stock.store.objects.put(blobKey(one), new TextEncoder().encode("damaged"));
  expect(await plan(stock, "2")).toMatchObject({ manifests: [], kept: [{ digest: two, because: "unreadable" }] });
  expect(await plan(stock, "1")).toMatchObject({ manifests: [{ digest: one, image: undefined }], kept: [] });
});

test("beside a damaged manifest that goes, a tag that cannot be read protects what it may lead to", async () => {
  const stock = stocked();
  const child = await pushImage(stock, "app", { tag: "child", layers: ["a"] });
  const damaged = await pushImage(stock, "app", { layers: ["b"] });
  const index = await pushIndex(stock, "app", { tag: "1", children: [child, damaged] });
  for (const key of [blobKey(damaged), tagCurrentLink(named("app"), tagged("child"))]) {
    await stock.store.objects.put(key, new TextEncoder().encode("damaged"));
  }
  const planned = await plan(stock, { tags: [tagged("1")], digests: [damaged] });
  expect(planned).toMatchObject({ manifests: [], kept: [{ digest: index }, { digest: child }, { digest: damaged }] });
});

test("a plan takes no lock, so a push goes on beside it", async () => {
  const stock = stocked();
  await pushImage(stock, "app", { tag: "1" });
  using _held = await stock.store.locks.take("app", "alone", { waitMs: 0 });
  expect((await plan(stock, "1")).tags).toHaveLength(1);
});

test("planDeletion() refuses a repository that is not there, and ends when its caller leaves", async () => {
  const stock = stocked();
  expect(await codeOf(plan(stock, "1"))).toBe("NAME_UNKNOWN");
  await pushImage(stock, "app", { tag: "1" });
  const left = plan(stock, "1", { signal: AbortSignal.abort() }).catch((error: Error) => error.name);
  expect(await left).toBe("AbortError");
  expect(await stock.registry.repository(named("app"), anonymous()).tags.list({ limit: 9, after: undefined })).toEqual({
    items: [tagged("1")],
    hasMore: false,
  });
});
