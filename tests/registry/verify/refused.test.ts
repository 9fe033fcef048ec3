import { expect, test } from "bun:test";
import type { Digest } from "../../../src/oci/digest.ts";
import { blobKey, revisionLink } from "../../../src/registry/layout.ts";
import { applyRepair } from "../../../src/registry/verify/repair.ts";
import { verifyExitCode } from "../../../src/registry/verify/report.ts";
import { named, pushImage, pushIndex, type Stocked, utf8 } from "../stocked.ts";
import { sound, verify } from "./verified.ts";

const app = named("app");

test.each([
  ["a tag leads", (stock: Stocked) => pushImage(stock, "app", { tag: "led", layers: ["x"] })],
  [
    "an index leads",
    async (stock: Stocked) => {
      const image = await pushImage(stock, "app", { layers: ["x"] });
      await pushIndex(stock, "app", { children: [image] });
      return image;
    },
  ],
  ["a subject leads", (stock: Stocked, image: Digest) => pushImage(stock, "app", { layers: ["x"], subject: image })],
])("a manifest without bytes to which %s is lost, and stays so", async (_what, push) => {
  const { stock, image } = await sound();
  const lost = await push(stock, image);
  await stock.store.objects.delete(blobKey(lost));
  expect(verifyExitCode((await verify(stock, { isRepairing: true })).summary)).toBe(2);
  expect(await stock.store.objects.stat(revisionLink(app, lost))).toBeDefined();
});

test("a manifest whose bytes were damaged and moved away is lost, although nothing leads to it", async () => {
  const { stock } = await sound();
  const bare = await pushImage(stock, "app", { layers: ["x"] });
  await stock.store.objects.put(blobKey(bare), utf8("{"));
  for (let run = 1; run <= 2; run += 1) {
    expect(verifyExitCode((await verify(stock, { isRepairing: true })).summary)).toBe(2);
  }
  expect(await stock.store.objects.stat(revisionLink(app, bare))).toBeDefined();
});

test("a manifest beside one that nobody understands is not taken for a refused one", async () => {
  const { stock } = await sound();
  const bare = await pushImage(stock, "app", { layers: ["x"] });
  await stock.store.objects.delete(blobKey(bare));
  const old = JSON.stringify({ schemaVersion: 1, fsLayers: [{ blobSum: bare }] });
  const digest = `sha256:${Bun.CryptoHasher.hash("sha256", old, "hex")}` as Digest;
  await stock.store.objects.put(blobKey(digest), utf8(old));
  await stock.store.objects.put(revisionLink(app, digest), utf8(digest));
  expect(verifyExitCode((await verify(stock)).summary)).toBe(2);
});

test("applyRepair() takes no link away whose bytes are there by now", async () => {
  const { stock, image } = await sound();
  const repair = { kind: "unlink", name: app, key: revisionLink(app, image), digest: image } as const;
  expect(await applyRepair(stock.store, repair)).toBeUndefined();
  expect(await stock.store.objects.stat(revisionLink(app, image))).toBeDefined();
});
