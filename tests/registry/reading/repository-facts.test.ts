import { expect, test } from "bun:test";
import { markCached } from "../../../src/registry/cached.ts";
import { blobKey, deletingKey, layersPrefix, revisionLink } from "../../../src/registry/layout.ts";
import { readRepository } from "../../../src/registry/reading/repository-facts.ts";
import { intercept } from "../../storage/intercepted.ts";
import { named, pushBlob, pushImage, stocked, utf8 } from "../stocked.ts";

const app = named("app");

test("readRepository() counts tags and each linked blob once, and knows the last push", async () => {
  const stock = stocked();
  const one = await pushImage(stock, "app", { tag: "1", layers: ["a", "common"] });
  stock.wait(60_000);
  const two = await pushImage(stock, "app", { tag: "2", layers: ["common"] });
  stock.wait(60_000);
  await markCached(stock.store, app, "https://upstream.example/");
  const sizes = await Promise.all(
    [one, two].map(async (each) => (await stock.store.objects.stat(blobKey(each)))?.sizeBytes),
  );
  expect(await readRepository(stock.store, app)).toEqual({
    name: app,
    tags: 2,
    sizeBytes: (sizes[0] ?? 0) + (sizes[1] ?? 0) + 6 + 1 + 6,
    pushedMs: stock.store.now() - 60_000,
    upstream: "https://upstream.example/",
    problem: undefined,
  });
});

test("readRepository() does not count tags that a killed deletion left", async () => {
  const stock = stocked();
  const digest = await pushImage(stock, "app", { tag: "1" });
  await pushImage(stock, "app", { tag: "2", layers: ["b"] });
  await stock.store.objects.put(deletingKey(app), utf8(digest));
  await stock.store.objects.delete(revisionLink(app, digest));
  expect((await readRepository(stock.store, app)).tags).toBe(1);
});

test("readRepository() tells what cannot be read, without paths of the server, and ends when its caller leaves", async () => {
  const stock = stocked((driver) =>
    intercept(driver, {
      objects: {
        list: async (prefix) => {
          if (prefix.startsWith(layersPrefix(app))) throw Object.assign(new Error("/secret"), { code: "EACCES" });
        },
      },
    }),
  );
  await pushImage(stock, "app", { tag: "1" });
  expect(await readRepository(stock.store, app)).toMatchObject({ name: app, problem: "it cannot be read (EACCES)" });
  const left = readRepository(stock.store, app, AbortSignal.abort()).catch((error: Error) => error.name);
  expect(await left).toBe("AbortError");
});

test("readRepository() reads links again only if their directories have changed", async () => {
  let looks = 0;
  const stock = stocked((driver) =>
    intercept(driver, {
      objects: {
        list: async (prefix) => {
          if (prefix.startsWith(layersPrefix(app))) looks += 1;
        },
      },
    }),
  );
  await pushImage(stock, "app", { tag: "1", layers: ["a"] });
  stock.wait(60_000);
  const { sizeBytes } = await readRepository(stock.store, app);
  looks = 0;
  expect([(await readRepository(stock.store, app)).sizeBytes, looks]).toEqual([sizeBytes, 0]);
  await pushBlob(stock, "app", "four");
  expect((await readRepository(stock.store, app)).sizeBytes).toBe(sizeBytes + 4);
});
