import { describe, expect, test } from "bun:test";
import type { Digest } from "../../src/oci/digest.ts";
import { anonymous } from "../../src/registry/actor.ts";
import { referrerLink, revisionLink, subjectPrefix } from "../../src/registry/layout.ts";
import { isStaleEntry, listReferrerEntries } from "../../src/registry/referrer-index.ts";
import { intercept } from "../storage/intercepted.ts";
import { collect, graceMs } from "./gc/collected.ts";
import { digestOf, named, pushImage, type Stocked, stocked, utf8 } from "./stocked.ts";
import { verify } from "./verify/verified.ts";

const app = named("app");

/** An image with a signature. */
async function signed(stock: Stocked): Promise<{ readonly image: Digest; readonly signature: Digest }> {
  const image = await pushImage(stock, "app", { tag: "1" });
  return { image, signature: await pushImage(stock, "app", { layers: ["signature"], subject: image }) };
}

/** Writes an entry, as a deletion that was killed half-way leaves one. */
async function enter({ store }: Stocked, subject: Digest, digest: Digest): Promise<void> {
  await store.objects.put(referrerLink(app, subject, digest), utf8(digest));
}

async function entriesOf({ store }: Stocked) {
  return await Array.fromAsync(listReferrerEntries(store, app));
}

test("listReferrerEntries() gives every entry with its subject", async () => {
  const stock = stocked();
  const { image, signature } = await signed(stock);
  await enter(stock, image, digestOf("gone"));
  const digests = [signature, digestOf("gone")].toSorted();
  expect(await entriesOf(stock)).toEqual(digests.map((digest) => ({ subject: image, digest })));
});

test.each([
  ["whose manifest is not there", undefined, true],
  ["whose manifest names that subject", { subject: digestOf("s") }, false],
  ["whose manifest names another subject", { subject: digestOf("t") }, true],
  ["whose manifest names none", { subject: undefined }, true],
])("isStaleEntry() of an entry %s", (_what, revision, want) => {
  expect(isStaleEntry({ subject: digestOf("s"), digest: digestOf("r") }, revision)).toBe(want);
});

describe("a collection takes away an entry", () => {
  test("of a manifest that is gone or names another subject, at once; predicted by a dry run", async () => {
    const stock = stocked();
    const { image, signature } = await signed(stock);
    await enter(stock, image, digestOf("gone"));
    await enter(stock, digestOf("another"), signature);
    expect((await verify(stock)).findings.map(([severity]) => severity)).toEqual(["untidy", "untidy"]);
    const predicted = await collect(stock, { isDryRun: true });
    const { summary, removals } = await collect(stock);
    expect(new Set(removals)).toEqual(
      new Set([
        ["referrer entry", digestOf("gone")],
        ["referrer entry", signature],
      ]),
    );
    expect([predicted.removals, predicted.summary]).toEqual([removals, { ...summary, isDryRun: true }]);
    expect(summary).toMatchObject({ referrers: 2, findings: 0 });
    expect(await entriesOf(stock)).toEqual([{ subject: image, digest: signature }]);
    expect((await stock.store.directory.prefixTime(subjectPrefix(app, digestOf("another")))) !== undefined).toBe(false);
    expect((await collect(stock)).removals).toEqual([]);
    expect((await verify(stock)).findings).toEqual([]);
  });

  test("not where something of the repository cannot be understood", async () => {
    const stock = stocked();
    const { image, signature } = await signed(stock);
    await enter(stock, image, digestOf("gone"));
    await stock.store.objects.put(revisionLink(app, signature), utf8(""));
    expect((await collect(stock)).removals).toEqual([]);
    expect(await entriesOf(stock)).toHaveLength(2);
  });

  test("not of a manifest that is pushed between the look and the lock", async () => {
    const gone = await signed(stocked());
    let pushes = 0;
    const stock: Stocked = stocked((driver) =>
      intercept(driver, {
        locks: {
          take: async (_name, mode) => {
            if (mode !== "alone" || pushes > 0) return;
            pushes += 1;
            await pushImage(stock, "app", { layers: ["signature"], subject: gone.image });
          },
        },
      }),
    );
    await pushImage(stock, "app", { tag: "1" });
    await enter(stock, gone.image, gone.signature);
    stock.wait(graceMs);
    expect((await collect(stock)).removals).toEqual([]);
    expect(await entriesOf(stock)).toEqual([{ subject: gone.image, digest: gone.signature }]);
    expect(pushes).toBe(1);
  });
});

test("a list of referrers passes over an entry of a manifest that names another subject", async () => {
  const stock = stocked();
  const { image, signature } = await signed(stock);
  await enter(stock, digestOf("another"), signature);
  const list = (subject: Digest) =>
    stock.registry.repository(app, anonymous()).referrers.list({ subject, artifactType: undefined, after: undefined });
  expect([(await list(image)).items.length, (await list(digestOf("another"))).items.length]).toEqual([1, 0]);
});

test("rebuilding the index enters no manifest that was deleted while it was read", async () => {
  let isRebuilding = false;
  const stock: Stocked = stocked((driver) =>
    intercept(driver, {
      locks: {
        take: async (_name, mode) => {
          if (mode !== "shared" || !isRebuilding) return;
          isRebuilding = false;
          await stock.registry.repository(app, anonymous()).manifests.delete(signature);
        },
      },
    }),
  );
  const { image, signature } = await signed(stock);
  await stock.store.objects.delete(referrerLink(app, image, signature));
  isRebuilding = true;
  await stock.registry
    .repository(app, anonymous())
    .referrers.list({ subject: image, artifactType: undefined, after: undefined });
  expect(await entriesOf(stock)).toEqual([]);
});
