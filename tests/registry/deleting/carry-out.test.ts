import { describe, expect, spyOn, test } from "bun:test";
import type { Digest } from "../../../src/oci/digest.ts";
import { anonymous } from "../../../src/registry/actor.ts";
import { carryOutDeletion, type Deleted } from "../../../src/registry/deleting/carry-out.ts";
import { layerLink, revisionLink } from "../../../src/registry/layout.ts";
import { answering, intercept } from "../../storage/intercepted.ts";
import { collect, graceMs, hasBlob } from "../gc/collected.ts";
import { codeOf } from "../refused.ts";
import { digestOf, named, pullImage, pushImage, pushIndex, type Stocked, stocked, tagged } from "../stocked.ts";
import { carryOut, plan } from "./planned.ts";

const app = named("app");

async function tagsOf({ registry }: Stocked): Promise<readonly string[] | string> {
  const page = { limit: 1000, after: undefined };
  return registry
    .repository(app, anonymous())
    .tags.list(page)
    .then(
      ({ items }) => items,
      () => "no repository",
    );
}

async function hasManifest({ store }: Stocked, digest: Digest): Promise<boolean> {
  return (await store.objects.stat(revisionLink(app, digest))) !== undefined;
}

test("what was planned goes, and is told; collections free it, and find nothing wrong", async () => {
  const stock = stocked();
  const child = await pushImage(stock, "app", { layers: ["child"] });
  const index = await pushIndex(stock, "app", { tag: "1", children: [child] });
  const signature = await pushImage(stock, "app", { layers: ["sig"], subject: index });
  const other = await pushImage(stock, "app", { tag: "2", layers: ["other"] });
  const told: Deleted[] = [];
  const note = async (deleted: Deleted) => void told.push(deleted);
  const outcome = await carryOut(stock, await plan(stock, "1"), { note });
  expect(outcome).toEqual({
    tags: [{ tag: tagged("1"), digest: index }],
    manifests: [index, child, signature],
    kept: [],
  });
  expect(told.map(({ deleted }) => deleted)).toMatchObject([
    { digest: index, tags: ["1"] },
    { digest: child, tags: [] },
    { digest: signature, tags: [], facts: { subject: index } },
  ]);
  expect([await tagsOf(stock), await pullImage(stock, "app", tagged("2"))]).toEqual([["2"], true]);
  stock.wait(graceMs);
  const { summary } = await collect(stock);
  stock.wait(graceMs);
  const freed = await collect(stock);
  expect([summary.findings, freed.summary.purged]).toEqual([0, 5]);
  expect([await hasBlob(stock, child), await hasBlob(stock, other)]).toEqual([false, true]);
});

test("a whole repository goes, but for the links that collections take later", async () => {
  const stock = stocked();
  await pushImage(stock, "app", { tag: "1" });
  await pushImage(stock, "app", { layers: ["untagged"] });
  await carryOut(stock, await plan(stock, { isEverything: true }));
  expect(await tagsOf(stock)).toBe("no repository");
  expect((await stock.registry.list({ limit: 9, after: undefined })).items).toEqual([]);
  stock.wait(graceMs);
  await collect(stock);
  expect(await stock.store.objects.stat(layerLink(app, digestOf("layer")))).toBeUndefined();
});

describe("what changed since the plan stays:", () => {
  test("a signature, also in a part of the order that comes after the image, which got a tag", async () => {
    const stock = stocked();
    const image = await pushImage(stock, "app", { tag: "1" });
    const signature = await pushImage(stock, "app", { layers: ["sig"], subject: image });
    const attested = await pushImage(stock, "app", { layers: ["attested"], subject: signature });
    await pushImage(stock, "app", { tag: "2" });
    const order = { tags: [], manifests: [signature, attested] };
    const part = async (referrers: ReadonlySet<Digest>) =>
      carryOutDeletion(stock.store, app, { order: { ...order, referrers } });
    const reason = "a tag, an index or a subject needs it";
    expect(await part(new Set([signature, attested]))).toEqual({
      tags: [],
      manifests: [],
      kept: [signature, attested].map((digest) => ({ tag: undefined, digest, reason })),
    });
    // Who chooses it itself may delete it.
    expect((await part(new Set([attested]))).manifests).toEqual([signature, attested]);
  });

  test("a tag that was moved", async () => {
    const stock = stocked();
    await pushImage(stock, "app", { tag: "1", layers: ["old"] });
    const planned = await plan(stock, "1");
    const fresh = await pushImage(stock, "app", { tag: "1", layers: ["new"] });
    const old = planned.manifests[0]?.digest as Digest;
    expect(await carryOut(stock, planned)).toEqual({
      tags: [],
      manifests: [old],
      kept: [{ tag: tagged("1"), digest: old, reason: "the tag points to another manifest now" }],
    });
    expect([await tagsOf(stock), await hasManifest(stock, fresh)]).toEqual([["1"], true]);
  });

  test("a manifest that got another tag", async () => {
    const stock = stocked();
    const digest = await pushImage(stock, "app", { tag: "1" });
    const planned = await plan(stock, "1");
    await pushImage(stock, "app", { tag: "2" });
    expect(await carryOut(stock, planned)).toMatchObject({
      tags: [{ tag: "1" }],
      manifests: [],
      kept: [{ digest, reason: "a tag, an index or a subject needs it" }],
    });
    expect([await tagsOf(stock), await pullImage(stock, "app", tagged("2"))]).toEqual([["2"], true]);
  });

  test("a child that another index names", async () => {
    const stock = stocked();
    const child = await pushImage(stock, "app", { layers: ["child"] });
    await pushIndex(stock, "app", { tag: "1", children: [child] });
    const planned = await plan(stock, "1");
    const second = await pushImage(stock, "app", { layers: ["second"] });
    await pushIndex(stock, "app", { tag: "2", children: [child, second] });
    expect((await carryOut(stock, planned)).kept).toMatchObject([{ digest: child }]);
    expect(await pullImage(stock, "app", tagged("2"))).toBe(true);
  });

  test("what the order does not name", async () => {
    const stock = stocked();
    const child = await pushImage(stock, "app", { layers: ["child"] });
    await pushIndex(stock, "app", { tag: "1", children: [child] });
    const { manifests, ...planned } = await plan(stock, "1");
    await carryOut(stock, { ...planned, manifests: manifests.slice(0, 1) });
    expect(await hasManifest(stock, child)).toBe(true);
  });

  test("what became immutable", async () => {
    const stock = stocked();
    await pushImage(stock, "app", { tag: "1" });
    const isImmutable = () => true;
    const { kept } = await carryOut(stock, await plan(stock, "1"), { isImmutable });
    expect(kept.map(({ reason }) => reason)).toContain("the tag is immutable");
    expect(await tagsOf(stock)).toEqual(["1"]);
  });

  test("what is gone already", async () => {
    const stock = stocked();
    await pushImage(stock, "app", { tag: "1", layers: ["a"] });
    await pushImage(stock, "app", { tag: "2", layers: ["b"] });
    const planned = await plan(stock, "1");
    await carryOut(stock, planned);
    expect((await carryOut(stock, planned)).kept.map(({ reason }) => reason)).toEqual([
      "it was gone already",
      "it was gone already",
    ]);
  });
});

describe("what comes between the last look and the lock stays:", () => {
  /** Runs `meanwhile` before the order takes the lock for the first time. */
  async function disturbed(meanwhile: (stock: Stocked, child: Digest) => Promise<unknown>) {
    let isWaiting = false;
    const stock: Stocked = stocked((driver) =>
      intercept(driver, {
        locks: {
          take: async (_name, mode) => {
            if (!isWaiting || mode !== "alone") return;
            isWaiting = false;
            await meanwhile(stock, child);
          },
        },
      }),
    );
    const child = await pushImage(stock, "app", { layers: ["child"] });
    const index = await pushIndex(stock, "app", { tag: "1", children: [child] });
    const planned = await plan(stock, "1");
    // What is asked for within a second of its push is not touched.
    stock.wait(5000);
    isWaiting = true;
    return { stock, child, index, outcome: await carryOut(stock, planned) };
  }

  test("a child whose new index was pushed", async () => {
    const { stock, outcome, index } = await disturbed(async (stock, child) => {
      const second = await pushImage(stock, "app", { layers: ["second"] });
      await pushIndex(stock, "app", { tag: "2", children: [child, second] });
    });
    expect(outcome).toMatchObject({
      manifests: [index],
      kept: [{ reason: "a manifest that was pushed meanwhile needs it" }],
    });
    expect(await pullImage(stock, "app", tagged("2"))).toBe(true);
  });

  test("a child that a push asked for", async () => {
    const { stock, outcome, child } = await disturbed((stock, child) =>
      stock.registry.repository(app, anonymous()).manifests.promise({ kind: "digest", digest: child }),
    );
    expect([outcome.kept.length, await hasManifest(stock, child)]).toEqual([1, true]);
  });

  test("an index that got another tag, with its child", async () => {
    const { stock, outcome } = await disturbed((stock, child) =>
      pushIndex(stock, "app", { tag: "2", children: [child] }),
    );
    expect(outcome.kept.map(({ reason }) => reason)).toEqual([
      "another tag points to it now",
      "a manifest that was pushed meanwhile needs it",
    ]);
    expect([await tagsOf(stock), await pullImage(stock, "app", tagged("2"))]).toEqual([["2"], true]);
  });

  test("a tag that was moved", async () => {
    const { stock, outcome } = await disturbed((stock) => pushImage(stock, "app", { tag: "1", layers: ["new"] }));
    expect(outcome.kept.map(({ tag, reason }) => [tag, reason])).toContainEqual([
      tagged("1"),
      "the tag points to another manifest now",
    ]);
    expect(await pullImage(stock, "app", tagged("1"))).toBe(true);
  });
});

test("a repository that stays busy is refused, and nothing is gone", async () => {
  const free = stocked();
  await pushImage(free, "app", { tag: "1" });
  const { changes } = answering(free.store, { changes: { removing: async () => undefined } });
  const busy = { ...free, store: { ...free.store, changes } };
  expect(await codeOf(carryOut(busy, await plan(free, "1")))).toBe("UNAVAILABLE");
  expect(await tagsOf(free)).toEqual(["1"]);
});

test("a thousand tags go in rounds, between which a push gets its turn", async () => {
  const stock = stocked();
  const one = await pushImage(stock, "app", { tag: "keep", layers: ["keep"] });
  const { manifests } = stock.registry.repository(app, anonymous());
  const { bytes } = await manifests.get({ kind: "digest", digest: one });
  const tags = Array.from({ length: 1000 }, (_, index) => tagged(`pr-${index}`));
  await manifests.put({ bytes, contentType: undefined, digest: undefined, tags });
  const deletion = carryOut(stock, await plan(stock, { matches: (tag) => tag.startsWith("pr-") }));
  await pushImage(stock, "app", { tag: "beside", layers: ["beside"] });
  expect((await deletion).tags).toHaveLength(1000);
  expect([await tagsOf(stock), await pullImage(stock, "app", tagged("keep"))]).toEqual([["beside", "keep"], true]);
});

test("an index that is pushed again after it has gone keeps its children, which were to go later", async () => {
  // Each step takes longer than a round.
  let nowMs = 0;
  using _clock = spyOn(performance, "now").mockImplementation(() => {
    nowMs += 1000;
    return nowMs;
  });
  const stock = stocked();
  const child = await pushImage(stock, "app", { tag: "1-amd64", layers: ["child"] });
  const index = await pushIndex(stock, "app", { tag: "1", children: [child] });
  const planned = await plan(stock, "1 1-amd64");
  const note = async ({ deleted }: Deleted) => {
    if (deleted.digest === index) await pushIndex(stock, "app", { tag: "1", children: [child] });
  };
  expect((await carryOut(stock, planned, { note })).manifests).toEqual([index]);
  expect([await tagsOf(stock), await pullImage(stock, "app", tagged("1"))]).toEqual([["1"], true]);
});

test("who leaves stops it between two steps", async () => {
  const stock = stocked();
  await pushImage(stock, "app", { tag: "1" });
  const left = carryOut(stock, await plan(stock, "1"), { signal: AbortSignal.abort() }).catch((error) => error.name);
  expect([await left, await tagsOf(stock)]).toEqual(["AbortError", ["1"]]);
});
