import { expect, test } from "bun:test";
import { estimate } from "../../bench/elsewhere.ts";
import type { Row } from "../../bench/results.ts";

const row = (id: string, series: Row["series"]): Row => ({ id, work: id, unit: "ms", series });

test("estimate() scales what absent peers came to elsewhere by distribution in both runs", () => {
  const got = estimate(row("tag-16@memory", { distribution3: { values: [0.222], cpu: [0.368] } }));
  expect(got.zot?.wall).toBeCloseTo(0.084, 6);
  expect(got.zot?.cpu).toBeCloseTo(0.104, 6);
  expect(got.angos?.wall).toBeCloseTo(0.08, 6);
});

test("estimate() goes by version 2.8 where version 3 is missing, and leaves out what was not measured there", () => {
  const got = estimate(row("push-large@memory", { distribution2: { values: [9], cpu: [5.68] } }));
  expect(got).toEqual({ zot: { cpu: expect.closeTo(3.16, 6) }, angos: { cpu: expect.closeTo(14.28, 6) } });
});

test.each([
  [
    "a peer that is here is not estimated",
    row("tag-16@memory", { distribution3: { values: [1] }, zot: { values: [1] }, angos: { values: [1] } }),
  ],
  ["no distribution, nothing to go by", row("tag-16@memory", { registry: { values: [1] } })],
  ["work that was not measured there", row("gc@memory", { distribution3: { values: [1] } })],
  ["a disk, where it was memory there", row("images-many@ext4", { distribution3: { values: [1] } })],
])("estimate(): %s", (_name, given) => {
  expect(estimate(given)).toEqual({});
});

test("estimate() keeps TLS apart", () => {
  const got = estimate(row("pull-large@memory, TLS", { distribution3: { values: [1.41], cpu: [1.46] } }));
  expect(got.zot).toEqual({ cpu: 1.36, wall: 1.45 });
});
