import { expect, test } from "bun:test";
import { blobKey, blobTrashName, layersPrefix, repositoryPrefix } from "../../src/registry/layout.ts";
import { followLinks, locate, type RepositoryCheck } from "../../src/registry/verify-links.ts";
import { intercept } from "../storage/intercepted.ts";
import { trashBlob } from "./disturbed.ts";
import { digestOf, named, pushBlob, stocked, utf8 } from "./stocked.ts";

const name = named("app");

function check(changes: Pick<RepositoryCheck, "store"> & Partial<RepositoryCheck>): RepositoryCheck {
  return { prefix: repositoryPrefix(name), name, isCached: false, isLocked: false, findings: [], ...changes };
}

test("followLinks() follows a sha512 upload of registry:2 to where it is filed", async () => {
  const stock = stocked();
  const stored = await pushBlob(stock, "app", "x");
  const wide = `sha512:${"c".repeat(128)}`;
  await stock.store.driver.write(`${layersPrefix(name)}/sha512/${"c".repeat(128)}/link`, utf8(stored));
  const checking = check(stock);
  const followed = await Array.fromAsync(followLinks(checking, layersPrefix(name)));
  expect(followed.map(({ digest, target, bytes }) => [digest, target, bytes] as unknown)).toMatchObject([
    [stored, stored, { sizeBytes: 1 }],
    [wide, stored, { sizeBytes: 1 }],
  ]);
  expect(checking.findings).toEqual([]);
});

test("followLinks() passes over a directory without a link, and names a path that spells no digest", async () => {
  const stock = stocked();
  await stock.store.driver.makePrefix(`${layersPrefix(name)}/sha256/${"a".repeat(64)}`);
  await stock.store.driver.write(`${layersPrefix(name)}/sha256/zz/link`, utf8("x"));
  const checking = check(stock);
  expect(await Array.fromAsync(followLinks(checking, layersPrefix(name)))).toEqual([]);
  expect(checking.findings).toMatchObject([{ severity: "untidy", problem: "its path spells no digest" }]);
});

test("locate() looks again under the lock, since a collector may hold bytes for a moment", async () => {
  let looks = 0;
  const stock = stocked((driver) =>
    intercept(driver, {
      stat: async (key) => {
        if (!key.endsWith("/data")) return;
        looks += 1;
        if (looks === 3) await driver.write(key, utf8("x"));
      },
    }),
  );
  expect(await locate(check(stock), digestOf("x"))).toBeUndefined();
  expect(await locate(check({ ...stock, isLocked: true }), digestOf("x"))).toMatchObject({ sizeBytes: 1 });
});

test("locate() sees bytes that are brought back between its look at their place and the one at the trash", async () => {
  const digest = digestOf("x");
  const stock = stocked((driver) =>
    intercept(driver, { isInTrash: async () => void (await driver.restore(blobTrashName(digest), blobKey(digest))) }),
  );
  await pushBlob(stock, "app", "x");
  await trashBlob(stock, digest);
  expect(await locate(check(stock), digest)).toMatchObject({ sizeBytes: 1 });
});

test("locate() tells of bytes that are only in the trash", async () => {
  const stock = stocked();
  await pushBlob(stock, "app", "x");
  await trashBlob(stock, digestOf("x"));
  for (const isLocked of [false, true]) {
    expect(await locate(check({ ...stock, isLocked }), digestOf("x"))).toBe("in the trash");
  }
});
