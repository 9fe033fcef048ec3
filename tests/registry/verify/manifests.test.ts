import { describe, expect, test } from "bun:test";
import { blobKey, layerLink, revisionLink } from "../../../src/registry/layout.ts";
import { verifyExitCode } from "../../../src/registry/verify/report.ts";
import { putCache } from "../dangling-damages.ts";
import { trashBlob } from "../disturbed.ts";
import { digestOf, named, pullImage, pushImage, pushIndex, type Stocked, tagged } from "../stocked.ts";
import { sound, verify } from "./verified.ts";

test("an index over blobs is nothing to be found", async () => {
  const { stock } = await sound();
  await putCache(stock);
  expect((await verify(stock)).findings).toEqual([]);
});

describe("a repair looks at what a link leads to that it makes", () => {
  const other = named("other");

  /** An index over an image, without the link of that. */
  async function withoutChild(stock: Stocked) {
    const child = await pushImage(stock, "other", { layers: ["child"] });
    await pushIndex(stock, "other", { tag: "multi", children: [child] });
    await stock.store.objects.delete(revisionLink(other, child));
    return child;
  }

  test("and repairs what is missing behind it", async () => {
    const { stock } = await sound();
    await withoutChild(stock);
    for (const text of ["child", "config"]) await stock.store.objects.delete(layerLink(other, digestOf(text)));
    const { summary, repaired } = await verify(stock, { isRepairing: true });
    expect([verifyExitCode(summary), repaired]).toEqual([0, ["linked", "linked", "linked"]]);
    expect((await verify(stock)).findings).toEqual([]);
    expect(await pullImage(stock, "other", tagged("multi"))).toBe(true);
  });

  test("also where its bytes lay in the trash", async () => {
    const { stock } = await sound();
    const child = await withoutChild(stock);
    await stock.store.objects.delete(layerLink(other, digestOf("child")));
    await trashBlob(stock, child);
    const { summary } = await verify(stock, { isRepairing: true });
    expect([verifyExitCode(summary), (await verify(stock)).findings]).toEqual([0, []]);
  });

  test.each([false, true])("and says that data is lost where that is gone (repairing: %p)", async (isRepairing) => {
    const { stock } = await sound();
    await withoutChild(stock);
    await stock.store.objects.delete(layerLink(other, digestOf("child")));
    await stock.store.objects.delete(blobKey(digestOf("child")));
    expect(verifyExitCode((await verify(stock, { isRepairing })).summary)).toBe(2);
  });

  test("of a tag as well", async () => {
    const { stock } = await sound();
    const image = await pushImage(stock, "other", { tag: "1", layers: ["child"] });
    for (const link of [revisionLink(other, image), layerLink(other, digestOf("child"))])
      await stock.store.objects.delete(link);
    const { summary, repaired } = await verify(stock, { isRepairing: true });
    expect([verifyExitCode(summary), repaired]).toEqual([0, ["linked", "linked"]]);
    expect(await pullImage(stock, "other", tagged("1"))).toBe(true);
  });
});
