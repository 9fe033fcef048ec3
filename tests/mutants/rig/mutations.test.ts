import { expect, test } from "bun:test";
import { applyMutant, findMutants } from "./mutations.ts";

const mutate = (source: string): readonly string[] =>
  findMutants("a.ts", source).map((mutant) => applyMutant(source, mutant));

test.each([
  ["if (a) b = 2;", ["if (true) b = 2;", "if (false) b = 2;"]],
  ["c = a ? b : d;", ["c = true ? b : d;", "c = false ? b : d;"]],
  ["while (a) b = 2;", ["while (false) b = 2;"]],
  ["c = a < b;", ["c = (a) <= (b);"]],
  ["c = a !== b;", ["c = (a) === (b);"]],
  ["c = a + b;", ["c = (a) - (b);"]],
  ['c = a + "b";', []],
  ["c = a && b;", ["c = (a) || (b);"]],
  ["c = a ?? b;", ["c = (a);"]],
  ['c = a ?? "";', []],
  ["const [a = 0] = b;", []],
  ["c = !a;", ["c = a;"]],
  ["await f();", [";"]],
  ["f();", [";"]],
  ["c = f();", []],
  ["c = [0, 1, 2, true];", ["c = [1, 1, 2, true];", "c = [0, 0, 2, true];", "c = [0, 1, 2, false];"]],
  ["const maxEntries = 100;", ["const maxEntries = Number.POSITIVE_INFINITY;"]],
  ["c = a.some(f);", ["c = a.every(f);"]],
  ["c = a.constructor;", []],
  ['import a from "a"; type B = 0 | true;', []],
  ["c = (a as 0)!;", []],
  ["class A extends B { constructor() { super(); } }", []],
])("the mistakes in %p", (source, expected) => {
  expect(mutate(source)).toEqual(expected);
});

test("a mistake has its file and line", () => {
  expect(findMutants("a.ts", "const é = 2;\nf(é);")).toEqual([
    { path: "a.ts", line: 2, start: 13, end: 18, before: "f(é);", after: ";" },
  ]);
});
