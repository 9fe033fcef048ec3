import { expect, test } from "bun:test";
import { NameLists, nameListsOf } from "../../src/registry/name-lists.ts";
import type { Store } from "../../src/registry/store.ts";

/** A store of prefixes, in which readings are counted. */
function storeOf(prefixes: Record<string, { changedMs: number | undefined; names: readonly string[] }>) {
  const read: string[] = [];
  const store = {
    now: () => 10_000,
    directory: { changeTime: async (prefix: string) => prefixes[prefix]?.changedMs },
    objects: {
      list: async (prefix: string) => {
        read.push(prefix);
        return prefixes[prefix]?.names ?? [];
      },
    },
  } as unknown as Store;
  return { store, read };
}

test("of() reads a prefix once as long as it stays as it is", async () => {
  const prefixes = { a: { changedMs: 1000, names: ["x", "y"] } };
  const { store, read } = storeOf(prefixes);
  const lists = new NameLists();
  for (let round = 0; round < 3; round += 1) expect(await lists.of(store, "a")).toEqual(["x", "y"]);
  prefixes.a = { changedMs: 2000, names: ["z"] };
  for (let round = 0; round < 3; round += 1) expect(await lists.of(store, "a")).toEqual(["z"]);
  expect(read).toEqual(["a", "a"]);
});

test.each([
  ["has changed a moment ago", 9000],
  ["changes in a moment", 11_000],
  ["has no time", undefined],
])("of() remembers nothing of a prefix that %s", async (_what, changedMs) => {
  const { store, read } = storeOf({ a: { changedMs, names: ["x"] } });
  const lists = new NameLists();
  for (let round = 0; round < 2; round += 1) expect(await lists.of(store, "a")).toEqual(["x"]);
  expect(read).toEqual(["a", "a"]);
});

test("of() keeps one list for all repositories that have the same", async () => {
  const names = () => ["_layers", "_manifests"];
  const { store } = storeOf({ a: { changedMs: 1, names: names() }, b: { changedMs: 2, names: names() } });
  const lists = new NameLists();
  expect(await lists.of(store, "a")).toBe(await lists.of(store, "b"));
});

test("nameListsOf() has one for each store", () => {
  const [one, other] = [storeOf({}).store, storeOf({}).store];
  const [first, again] = [nameListsOf(one), nameListsOf({ ...one })];
  expect([first === again, first === nameListsOf(other)]).toEqual([true, false]);
});
