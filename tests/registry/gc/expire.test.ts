import { expect, test } from "bun:test";
import { anonymous } from "../../../src/registry/actor.ts";
import { markCached } from "../../../src/registry/cached.ts";
import { collectGarbage } from "../../../src/registry/gc/gc.ts";
import type { KeepRules } from "../../../src/registry/gc/keep.ts";
import type { KeptTag, Removal } from "../../../src/registry/gc/report.ts";
import { noneImmutable } from "../../../src/registry/immutable-tags.ts";
import { blobKey, revisionLink, tagCurrentLink } from "../../../src/registry/layout.ts";
import { PullTimes } from "../../../src/registry/pulls.ts";
import { intercept } from "../../storage/intercepted.ts";
import { digestOf, named, pullImage, pushImage, type Stocked, stocked, tagged } from "../stocked.ts";
import { collect, collectTwice, graceMs, hasBlob } from "./collected.ts";

const app = named("app");
const dayMs = 24 * 3_600_000;

function keeping(conditions: { newest?: number; pulledWithinMs?: number; pushedWithinMs?: number }): KeepRules {
  const rule = {
    coversRepository: (name: string) => name === "app",
    coversTag: () => true,
    newest: undefined,
    pushedWithinMs: undefined,
    pulledWithinMs: undefined,
    ...conditions,
  };
  return { rules: [rule], isImmutable: noneImmutable };
}

async function tagsOf(stock: Stocked, name = "app"): Promise<readonly string[]> {
  const page = stock.registry.repository(named(name), anonymous()).tags.list({ limit: 100, after: undefined });
  return (await page.catch(() => ({ items: [] }))).items;
}

/** Images of their own under the tags 1 to 3, one day after the other, in two repositories. */
async function threeDays(stock = stocked()): Promise<Stocked> {
  for (const tag of ["1", "2", "3"]) {
    for (const name of ["app", "other"]) await pushImage(stock, name, { tag, layers: [`layer ${tag} of ${name}`] });
    stock.wait(dayMs);
  }
  return stock;
}

test("tags that no rule keeps go, and a grace later their manifests and blobs; other repositories stay", async () => {
  const stock = await threeDays();
  const keep = keeping({ newest: 1 });
  const { summary, removals } = await collect(stock, { keep });
  expect([summary.tags, removals.filter(([what]) => what === "tag")]).toEqual([
    2,
    [
      ["tag", "1"],
      ["tag", "2"],
    ],
  ]);
  // A pull that has just read the tag still finds what it led to.
  expect(await hasBlob(stock, digestOf("layer 1 of app"))).toBe(true);
  await collectTwice(stock, { keep });
  await collectTwice(stock, { keep });
  expect([await tagsOf(stock), await tagsOf(stock, "other")]).toEqual([["3"], ["1", "2", "3"]]);
  expect([
    await pullImage(stock, "app", tagged("3")),
    await hasBlob(stock, digestOf("layer 1 of app")),
    await hasBlob(stock, digestOf("layer 1 of other")),
  ]).toEqual([true, false, true]);
});

test("a dry run removes nothing, and gives the reason for each tag", async () => {
  const stock = await threeDays();
  const told: (readonly string[])[] = [];
  await collectGarbage(stock.store, {
    graceMs,
    deletesUntagged: false,
    keep: keeping({ newest: 1 }),
    isDryRun: true,
    rules: { urls: "any", children: "all" },
    uploadAgeMs: dayMs,
    note: "a test",
    report: (event) => {
      const { kind } = event;
      if (kind === "kept") told.push([kind, event.tag, event.reason]);
      else if (kind === "removal" && event.what === "tag") told.push([kind, event.subject, event.reason]);
    },
  });
  expect(told).toEqual([
    ["kept", "3", "it is among the newest 1 (rule 1 of gc.keep)"],
    ["removal", "1", "no rule of gc.keep keeps it"],
    ["removal", "2", "no rule of gc.keep keeps it"],
  ] satisfies (readonly [KeptTag["kind"] | Removal["kind"], string, string])[]);
  expect(await tagsOf(stock)).toEqual(["1", "2", "3"]);
});

test("a tag that is pulled stays for that; one that was never pulled goes by the age of the records", async () => {
  const stock = await threeDays();
  const keep = keeping({ pulledWithinMs: 2 * dayMs });
  await collect(stock, { keep });
  expect(await tagsOf(stock)).toEqual(["1", "2", "3"]);
  const pulls = new PullTimes(stock.store);
  pulls.note(app, tagged("1"));
  await pulls.settled();
  stock.wait(dayMs);
  await collect(stock, { keep });
  expect(await tagsOf(stock)).toEqual(["1", "2", "3"]);
  pulls.note(app, tagged("1"));
  await pulls.settled();
  stock.wait(dayMs);
  await collect(stock, { keep });
  expect(await tagsOf(stock)).toEqual(["1"]);
});

test.each(["pushed", "pulled"])("a tag that is %s between the look and the removal stays", async (what) => {
  let act: (() => Promise<void>) | undefined;
  const stock = await threeDays(
    stocked((driver) =>
      intercept(driver, {
        locks: {
          take: async (_name, mode) => {
            const now = act;
            if (mode !== "alone" || now === undefined) return;
            act = undefined;
            await now();
          },
        },
      }),
    ),
  );
  const pulls = new PullTimes(stock.store);
  pulls.note(app, tagged("3"));
  await pulls.settled();
  act = async () => {
    stock.wait(1);
    if (what === "pushed") await pushImage(stock, "app", { tag: "1", layers: ["layer 1 of app"] });
    else {
      pulls.note(app, tagged("1"));
      await pulls.settled();
    }
  };
  await collect(stock, { keep: keeping({ newest: 1 }) });
  expect(await tagsOf(stock)).toEqual(["1", "3"]);
});

test("in a repository with a finding no tag goes, and none in a cache", async () => {
  const damaged = await threeDays();
  const lost = await stockTag(damaged, "2");
  await damaged.store.objects.delete(revisionLink(app, lost));
  const { findings } = await collect(damaged, { keep: keeping({ newest: 1 }) });
  expect(findings.length).toBeGreaterThan(0);
  expect(await damaged.store.objects.stat(tagCurrentLink(app, tagged("1")))).toBeDefined();

  const cached = await threeDays();
  await markCached(cached.store, app, "https://up.example/");
  await collect(cached, { keep: keeping({ newest: 1 }) });
  expect(await tagsOf(cached)).toEqual(["1", "2", "3"]);
});

async function stockTag({ registry, store }: Stocked, tag: string) {
  const { digest } = await registry.repository(app, anonymous()).manifests.get({ kind: "tag", tag: tagged(tag) });
  expect(await store.objects.stat(blobKey(digest))).toBeDefined();
  return digest;
}
