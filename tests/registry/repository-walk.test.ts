import { expect, test } from "bun:test";
import { manifestsPrefix, repositoriesPrefix, uploadsPrefix } from "../../src/registry/layout.ts";
import { passNoDirectory, sliceRepositories, walkRepositories } from "../../src/registry/repository-walk.ts";
import { intercept } from "../storage/intercepted.ts";
import { named, stocked } from "./stocked.ts";

/** A store in which these repositories hold nothing. */
async function withRepositories(...names: readonly string[]) {
  const stock = stocked();
  for (const name of names) await stock.store.directory.makePrefix(manifestsPrefix(named(name)));
  return stock;
}

test("walkRepositories() gives those that have the prefix, component by component, after a name", async () => {
  const { store } = await withRepositories("b", "a-b", "a/b", "a");
  await store.directory.makePrefix(uploadsPrefix(named("a/c")));
  await store.directory.makePrefix(`${repositoriesPrefix}/_hidden/a/_manifests`);
  const all = await Array.fromAsync(walkRepositories(store, manifestsPrefix));
  const rest = await Array.fromAsync(walkRepositories(store, manifestsPrefix, "a/b"));
  const uploading = await Array.fromAsync(walkRepositories(store, uploadsPrefix));
  expect([all, rest, uploading] as unknown).toEqual([["a", "a/b", "a-b", "b"], ["a-b", "b"], ["a/c"]]);
});

test("sliceRepositories() hands over one name, then more each time, across directories", async () => {
  const names = Array.from({ length: 300 }, (_, index) => `n${index % 7}/r${index}`);
  const { store } = await withRepositories(...names);
  const slices = await Array.fromAsync(sliceRepositories(store, manifestsPrefix, { below: [], after: [] }));
  expect(slices.map(({ length }) => length)).toEqual([1, 2, 4, 8, ...Array<number>(17).fill(16), 13]);
  expect(new Set(slices.flat())).toEqual(new Set(names as never));
});

test("what is no directory is passed by, and any other failure ends the walk", async () => {
  const failing = (code: string) =>
    stocked((driver) =>
      intercept(driver, {
        directory: {
          changeTime: (prefix) => {
            if (prefix.endsWith("/bad")) throw Object.assign(new Error(code), { code });
          },
        },
      }),
    );
  const outcomes = ["ENOTDIR", "ELOOP", "EIO"].map(async (code) => {
    const { store } = failing(code);
    for (const name of ["bad", "good"]) await store.directory.makePrefix(manifestsPrefix(named(name)));
    return await Array.fromAsync(walkRepositories(store, manifestsPrefix)).catch((error) => error.code);
  });
  expect(await Promise.all(outcomes)).toEqual([["good"], ["good"], "EIO"] as never);
  expect(() => passNoDirectory(new Error("no code"))).toThrow("no code");
});
