import { expect, test } from "bun:test";
import { ListedObjects } from "../../src/registry/listed-objects.ts";
import type { ListedKey } from "../../src/storage/listings.ts";
import type { Objects } from "../../src/storage/ports.ts";
import { openMemory } from "../storage/memory.ts";
import { put, take } from "../storage/store-access.ts";

const keys = [
  "a/_layers/x/1/link",
  "a/_layers/x/1/other",
  "a/_layers/x/2/link",
  "a/_layers/y",
  "a/_layers-/z/link",
  "b/link",
];

/** The objects of a store as of a listing of what was below "a" then. */
async function listed(): Promise<{ readonly driver: ReturnType<typeof openMemory>; readonly objects: Objects }> {
  const driver = openMemory();
  for (const key of keys) await put(driver, key, key);
  const all: ListedKey[] = [];
  for (const key of keys.filter((each) => each.startsWith("a/")).sort()) {
    const stat = await driver.objects.stat(key);
    if (stat !== undefined) all.push({ key, stat });
  }
  return { driver, objects: new ListedObjects(driver.objects, { prefix: "a", listed: all }) };
}

test("what was listed is told without asking the store, and everything else by asking it", async () => {
  const { driver, objects } = await listed();
  for (const key of keys) await driver.objects.delete(key);
  await put(driver, "b/new/link", "x");
  await put(driver, "a/late/link", "x");
  expect([
    (await objects.stat("a/_layers/x/1/link"))?.sizeBytes,
    await objects.stat("a/late/link"),
    await objects.stat("b/link"),
    (await objects.stat("b/new/link"))?.sizeBytes,
    await objects.list("b"),
  ]).toEqual([18, undefined, undefined, 1, ["new"]]);
});

test.each([
  ["a", {}, ["_layers", "_layers-"]],
  ["a/_layers", {}, ["x"]],
  ["a/_layers/x", {}, ["1", "2"]],
  ["a/_layers/x", { after: "1" }, ["2"]],
  ["a/_layers/x", { limit: 1 }, ["1"]],
  ["a/_layers/x/1", {}, []],
  ["a/none", {}, []],
] as const)("list(%p, %p)", async (prefix, options, want) => {
  const { objects } = await listed();
  const names = await Array.fromAsync(await objects.names(prefix));
  expect(await objects.list(prefix, options)).toEqual([...want]);
  if (Object.keys(options).length === 0) expect(names).toEqual([...want]);
});

test("list() tells of objects right below the prefix apart, however many names are wanted", async () => {
  const { objects } = await listed();
  const others: string[] = [];
  const names = await objects.list("a/_layers", { limit: 1, others: (name) => void others.push(name) });
  expect([names, others]).toEqual([["x"], ["y"]]);
});

test("bytes are read, and changes are made, in the store", async () => {
  const { driver, objects } = await listed();
  await objects.put("a/new", new Uint8Array([97]));
  await objects.append("a/new", new Uint8Array([98]));
  await objects.delete("b/link");
  const content = await objects.open("a/new");
  expect([
    new TextDecoder().decode(await objects.read("a/new", 10)),
    content?.sizeBytes,
    await objects.renew("a/new"),
    await take(driver, "a/new"),
    await take(driver, "b/link"),
  ]).toEqual(["ab", 2, true, "ab", undefined]);
});
