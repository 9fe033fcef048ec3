import { expect, test } from "bun:test";
import { BoundedMap } from "../../src/lib/bounded-map.ts";

test("BoundedMap holds as many entries as its limit, and drops the one set longest ago", () => {
  const map = new BoundedMap<string, number>(2);
  for (const [index, key] of ["a", "b", "c"].entries()) map.set(key, index);
  expect([map.size, map.get("a"), map.get("b"), map.get("c")]).toEqual([2, undefined, 1, 2]);
});

test("BoundedMap.set() makes an entry the newest, and drops nothing for a key that is there", () => {
  const map = new BoundedMap<string, number>(2);
  map.set("a", 1);
  map.set("b", 2);
  map.set("a", 3);
  expect([map.size, map.get("a"), map.get("b")]).toEqual([2, 3, 2]);
  map.set("c", 4);
  expect([map.get("a"), map.get("b")]).toEqual([3, undefined]);
});

test("BoundedMap.delete() and clear() remove entries", () => {
  const map = new BoundedMap<string, number>(3);
  for (const key of ["a", "b", "c"]) map.set(key, 1);
  expect([map.delete("a"), map.delete("a"), map.size]).toEqual([true, false, 2]);
  map.clear();
  expect([map.size, map.get("b")]).toEqual([0, undefined]);
});

test("BoundedMap weighs its entries, and holds one that is too heavy until the next", () => {
  const map = new BoundedMap<string, number>(10, (weight) => weight);
  const sizeAfter = (key: string, weight: number): number => {
    map.set(key, weight);
    return map.size;
  };
  expect([sizeAfter("a", 6), sizeAfter("b", 4), sizeAfter("b", 5), sizeAfter("c", 11), sizeAfter("d", 10)]).toEqual([
    1, 2, 1, 1, 1,
  ]);
  map.delete("d");
  expect([sizeAfter("a", 5), sizeAfter("b", 5)]).toEqual([1, 2]);
  map.clear();
  expect([sizeAfter("a", 5), sizeAfter("b", 5)]).toEqual([1, 2]);
});

test.each([0, 1.5, Number.POSITIVE_INFINITY, Number.NaN])("BoundedMap takes %p for no limit", (limit) => {
  expect(() => new BoundedMap(limit)).toThrow(RangeError);
});
