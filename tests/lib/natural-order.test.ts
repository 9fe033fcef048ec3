import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { compareNaturally } from "../../src/lib/natural-order.ts";

test.each([
  ["6.0.10 6.0.9 6.0.100 6.1", "6.0.9 6.0.10 6.0.100 6.1"],
  ["v10 v9 v1 v", "v v1 v9 v10"],
  ["1.10-alpine 1.9-alpine 1.9 1.10", "1.9 1.9-alpine 1.10 1.10-alpine"],
  ["01 1 001 0 00", "0 00 001 01 1"],
  ["99999999999999999999 100000000000000000000", "99999999999999999999 100000000000000000000"],
  ["b a B A _", "A B _ a b"],
])("compareNaturally() sorts %p to %p", (names, want) => {
  expect(names.split(" ").sort(compareNaturally).join(" ")).toBe(want);
});

test("compareNaturally() is a total order: only equal names compare equal", () => {
  const name = fc.stringMatching(/^[ab019._-]{0,8}$/);
  void fc.assert(
    fc.property(name, name, name, (a, b, c) => {
      const [ab, ba, bc, ac] = [
        [a, b],
        [b, a],
        [b, c],
        [a, c],
      ].map(([x = "", y = ""]) => Math.sign(compareNaturally(x, y)));
      expect(ab === 0).toBe(a === b);
      expect(ab).toBe(-(ba ?? 0) + 0);
      if (ab === -1 && bc === -1) expect(ac).toBe(-1);
    }),
  );
});
