import { expect, test } from "bun:test";
import { hashBytes } from "../../../src/oci/hash.ts";
import { blobKey, layerLink, layersPrefix, repositoryPrefix } from "../../../src/registry/layout.ts";
import { followLinks, locate, type RepositoryCheck } from "../../../src/registry/verify/links.ts";
import { trashNameOf } from "../../../src/storage/trash-names.ts";
import { intercept } from "../../storage/intercepted.ts";
import { trashBlob } from "../disturbed.ts";
import { digestOf, named, pushBlob, stocked, utf8 } from "../stocked.ts";

const name = named("app");

function check(changes: Pick<RepositoryCheck, "store"> & Partial<RepositoryCheck>): RepositoryCheck {
  return { prefix: repositoryPrefix(name), name, isCached: false, isLocked: false, findings: [], ...changes };
}

const wide = hashBytes(utf8("x"), "sha512");

/** What is found where the link of a sha512 upload says this. */
async function followWide(text: string, stored: readonly string[] = ["x", "y"]) {
  const stock = stocked();
  for (const bytes of stored) await pushBlob(stock, "app", bytes);
  await stock.store.objects.put(layerLink(name, wide), utf8(text));
  const checking = check(stock);
  const followed = await Array.fromAsync(followLinks(checking, layersPrefix(name)));
  const { target, bytes } = followed.find(({ digest }) => digest === wide) ?? {};
  const sizeBytes = typeof bytes === "object" ? bytes.sizeBytes : bytes;
  return { target, sizeBytes, findings: checking.findings };
}

test("followLinks() follows a sha512 upload of registry:2 to where it is filed", async () => {
  expect(await followWide(digestOf("x"))).toEqual({ target: digestOf("x"), sizeBytes: 1, findings: [] });
});

test("followLinks() says of a sha512 upload that lies nowhere only where it should lie", async () => {
  expect(await followWide(digestOf("x"), [])).toEqual({ target: digestOf("x"), sizeBytes: undefined, findings: [] });
});

test("followLinks() finds a sha512 link that leads to the bytes of another digest", async () => {
  expect(await followWide(digestOf("y"))).toMatchObject({
    target: wide,
    sizeBytes: undefined,
    findings: [
      {
        severity: "repairable",
        problem: `it leads to ${digestOf("y")}, whose bytes are not its own`,
        repair: { kind: "link", digest: wide },
      },
    ],
  });
});

test("followLinks() lets a repair write what a sha512 link means, and not what it is called", async () => {
  expect(await followWide(`${digestOf("x")}\n`)).toMatchObject({
    target: digestOf("x"),
    findings: [{ severity: "repairable", repair: { kind: "link", digest: digestOf("x") } }],
  });
});

test("followLinks() passes over a directory without a link, and names a path that spells no digest", async () => {
  const stock = stocked();
  await stock.store.directory.makePrefix(`${layersPrefix(name)}/sha256/${"a".repeat(64)}`);
  await stock.store.objects.put(`${layersPrefix(name)}/sha256/zz/link`, utf8("x"));
  const checking = check(stock);
  expect(await Array.fromAsync(followLinks(checking, layersPrefix(name)))).toEqual([]);
  expect(checking.findings).toMatchObject([{ severity: "untidy", problem: "its path is not a digest" }]);
});

test("locate() looks again under the lock, since a collector may hold bytes for a moment", async () => {
  let looks = 0;
  const stock = stocked((driver) =>
    intercept(driver, {
      objects: {
        stat: async (key) => {
          if (!key.endsWith("/data")) return;
          looks += 1;
          if (looks === 3) await driver.objects.put(key, utf8("x"));
        },
      },
    }),
  );
  expect(await locate(check(stock), digestOf("x"))).toBeUndefined();
  expect(await locate(check({ ...stock, isLocked: true }), digestOf("x"))).toMatchObject({ sizeBytes: 1 });
});

test("locate() sees bytes that are brought back between its look at their place and the one at the trash", async () => {
  const digest = digestOf("x");
  const stock = stocked((driver) =>
    intercept(driver, {
      trash: { open: async () => void (await driver.trash.restore(trashNameOf(blobKey(digest)), blobKey(digest))) },
    }),
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
