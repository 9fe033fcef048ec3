// What leads nowhere is a finding, and nothing of its repository goes until it is repaired.

import { describe, expect, test } from "bun:test";
import type { Digest } from "../../../src/oci/digest.ts";
import { anonymous } from "../../../src/registry/actor.ts";
import { blobKey, layerLink, revisionLink, tagsPrefix, upstreamKey } from "../../../src/registry/layout.ts";
import { intercept } from "../../storage/intercepted.ts";
import { putCache } from "../dangling-damages.ts";
import {
  digestOf,
  named,
  pullImage,
  pushBlob,
  pushImage,
  pushIndex,
  type Stocked,
  stocked,
  tagged,
  utf8,
} from "../stocked.ts";
import { verify } from "../verify/verified.ts";
import { collect, graceMs, hasBlob } from "./collected.ts";

const app = named("app");

interface Lost {
  readonly what: string;
  /** What a crash, a disk or a person took. */
  readonly takeAway: (stock: Stocked, parts: { readonly child: Digest; readonly image: Digest }) => Promise<unknown>;
  readonly said: RegExp;
}

const losses: readonly Lost[] = [
  {
    what: "the link of a manifest that a tag leads to",
    takeAway: ({ store }, { image }) => store.objects.delete(revisionLink(app, image)),
    said: /^the tag 1 of app leads to sha256:.*, which is not linked there$/,
  },
  {
    what: "the link of an index's child",
    takeAway: ({ store }, { child }) => store.objects.delete(revisionLink(app, child)),
    said: /^sha256:.* of app names sha256:.*, which is not linked there$/,
  },
  {
    what: "the link of a layer",
    takeAway: ({ store }) => store.objects.delete(layerLink(app, digestOf("of the image"))),
    said: /^sha256:.* of app names sha256:.*, which is not linked there$/,
  },
  {
    what: "the links of an index's child and of its layer",
    takeAway: async ({ store }, { child }) => {
      await store.objects.delete(revisionLink(app, child));
      await store.objects.delete(layerLink(app, digestOf("of the child")));
    },
    said: /^sha256:.* of app names sha256:.*, which is not linked there$/,
  },
  {
    what: "the links of a tag's index, of its child and of that one's layer",
    takeAway: async ({ store, registry }, { child }) => {
      const index = (await registry.repository(app, anonymous()).manifests.get({ kind: "tag", tag: tagged("multi") }))
        .digest;
      for (const digest of [index, child]) await store.objects.delete(revisionLink(app, digest));
      await store.objects.delete(layerLink(app, digestOf("of the child")));
    },
    said: /^the tag multi of app leads to/,
  },
];

describe.each(losses)("without $what", ({ takeAway, said }) => {
  test.each([
    ["with the grace of a day", { deletesUntagged: true }],
    ["without a grace", { deletesUntagged: true, graceMs: 0 }],
    ["in a dry run", { deletesUntagged: true, isDryRun: true }],
  ])("collections %s tell of it and take nothing; a repair makes it whole", async (_how, options) => {
    const stock = stocked();
    const child = await pushImage(stock, "app", { layers: ["of the child"] });
    await pushIndex(stock, "app", { tag: "multi", children: [child] });
    const image = await pushImage(stock, "app", { tag: "1", layers: ["of the image"] });
    const lonely = await pushBlob(stock, "app", "lonely");
    const elsewhere = await pushBlob(stock, "other", "elsewhere");
    await takeAway(stock, { child, image });
    for (let run = 1; run <= 3; run += 1) {
      stock.wait(graceMs);
      const { findings } = await collect(stock, options);
      expect(findings).toEqual([expect.stringMatching(said)]);
    }
    const isDryRun = "isDryRun" in options;
    expect([await hasBlob(stock, lonely), await hasBlob(stock, elsewhere)]).toEqual([true, isDryRun]);
    expect((await verify(stock, { isRepairing: true })).summary.lost).toBe(0);
    expect([await pullImage(stock, "app", tagged("1")), await pullImage(stock, "app", tagged("multi"))]).toEqual([
      true,
      true,
    ]);
    expect((await collect(stock, options)).findings).toEqual([]);
  });
});

describe("nothing is found", () => {
  test("of an index over blobs, and its blobs stay", async () => {
    const stock = stocked();
    await putCache(stock);
    for (let run = 1; run <= 3; run += 1) {
      stock.wait(graceMs);
      expect((await collect(stock)).findings).toEqual([]);
    }
    expect(await hasBlob(stock, digestOf("cached"))).toBe(true);
  });

  test("of what a cached repository has not fetched", async () => {
    const stock = stocked();
    const child = await pushImage(stock, "app");
    await pushIndex(stock, "app", { tag: "multi", children: [child] });
    await stock.store.objects.put(upstreamKey(app), utf8("https://upstream.test"));
    await stock.store.objects.delete(revisionLink(app, child));
    expect((await collect(stock)).findings).toEqual([]);
  });

  test("of children that the configuration does not ask for", async () => {
    const stock = stocked();
    const child = await pushImage(stock, "app");
    await pushIndex(stock, "app", { tag: "multi", children: [child] });
    await stock.store.objects.delete(revisionLink(app, child));
    expect((await collect(stock, { rules: { urls: "any", children: "none" } })).findings).toEqual([]);
  });

  test("of what an untagged index names that goes itself", async () => {
    const stock = stocked();
    const child = await pushImage(stock, "app", { tag: "1" });
    await pushIndex(stock, "app", { children: [child] });
    const other = await pushImage(stock, "app", { layers: ["other"] });
    await pushIndex(stock, "app", { children: [other] });
    await stock.store.objects.delete(revisionLink(app, other));
    stock.wait(graceMs);
    expect((await collect(stock, { deletesUntagged: true })).findings).toEqual([]);
  });

  test.each(["pushed", "deleted"])("of an image that is %s while its repository is read", async (what) => {
    let isOver = true;
    const stock: Stocked = stocked((driver) =>
      intercept(driver, {
        objects: {
          list: async (prefix) => {
            // The links were read, the tags were not.
            if (isOver || prefix !== tagsPrefix(app)) return;
            isOver = true;
            if (what === "pushed") await pushImage(stock, "app", { tag: "new", layers: ["new"] });
            else await stock.registry.repository(app, anonymous()).manifests.delete(image);
          },
        },
      }),
    );
    const image = await pushImage(stock, "app", { tag: "1" });
    await pushBlob(stock, "app", "garbage");
    isOver = false;
    stock.wait(graceMs);
    expect((await collect(stock, { graceMs: 0, deletesUntagged: true })).findings).toEqual([]);
  });
});

test("bytes that only a repair needs come back from the trash", async () => {
  const stock = stocked();
  const image = await pushImage(stock, "app", { tag: "1" });
  await stock.store.objects.delete(revisionLink(app, image));
  await stock.store.trash.discard(blobKey(image), `blobs/sha256/${image.slice(7, 9)}/${image.slice(7)}.old-1`);
  stock.wait(graceMs);
  expect((await collect(stock)).summary).toMatchObject({ restored: 1, purged: 0, findings: 1 });
  expect(await hasBlob(stock, image)).toBe(true);
});
