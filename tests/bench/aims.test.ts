import { expect, test } from "bun:test";
import { aimOf, columnsOf, missesOf, standingOf } from "../../bench/aims.ts";
import type { Row, Unit } from "../../bench/results.ts";

const row = (id: string, series: Row["series"], unit: Unit = "ms"): Row => ({ id, work: id, unit, series });
const one = { hasWorkers: false };

test.each([
  ["push-large@memory", "s/GB", { wall: 0.9, cpu: 0.9 }],
  ["pull-large@memory", "s/GB", { wall: 1, cpu: 0.9 }],
  ["pull-large@memory, TLS", "s/GB", { wall: 0.7, cpu: 0.9 }],
  ["push-large@memory, TLS", "s/GB", { wall: 0.9, cpu: 0.9 }],
  ["images-many@memory", "ms", { wall: 0.6, cpu: 0.9 }],
  ["catalog-whole@memory", "ms", { wall: 0.3, cpu: 0.9 }],
  ["head-tag@memory", "ms", { cpu: 0.9 }],
  ["beside-bulk-p99@memory", "ms", { atMost: 20 }],
  ["beside-bulk-p50@memory", "ms", undefined],
  ["memory-small@memory", "MiB", { atMost: 128 }],
  ["memory-gc@memory", "MiB", undefined],
  ["idle@memory", "MiB", { atMost: 50 }],
  ["start@memory", "ms", { atMost: 50 }],
  ["executable@memory", "MiB", undefined],
  ["images-one@ext4", "ms", undefined],
] as const)("aimOf(%s in %s)", (id, unit, want) => {
  expect(aimOf(row(id, {}, unit), one)).toEqual(want);
});

test("aimOf() wants more of workers, and the same amounts", () => {
  const workers = { hasWorkers: true };
  expect(aimOf(row("pull-large@memory", {}, "s/GB"), workers)).toEqual({ wall: 0.6, cpu: 0.9 });
  expect(aimOf(row("start@memory", {}), workers)).toEqual({ atMost: 50 });
});

test("standingOf() is ours beside the best peer in each of the two, by medians", () => {
  const given = row("gc@memory", {
    registry: { values: [1, 2, 30], cpu: [1, 1, 1] },
    undurable: { values: [0.1], cpu: [0.1] },
    distribution3: { values: [4], cpu: [8] },
    distribution2: { values: [8], cpu: [2] },
  });
  expect(standingOf(given)).toEqual({ wall: 0.5, cpu: 0.5 });
});

test("standingOf() counts peers that were measured elsewhere", () => {
  const given = row("tag-16@memory", {
    registry: { values: [0.04], cpu: [1] },
    distribution3: { values: [0.111], cpu: [0.184] },
  });
  expect(standingOf(given).wall).toBe(1);
});

test("standingOf() says nothing without peers, without ours, and of a processor time of nothing", () => {
  const nothing = { wall: undefined, cpu: undefined };
  expect(standingOf(row("gc@memory", { registry: { values: [1], cpu: [1] } }))).toEqual(nothing);
  expect(standingOf(row("gc@memory", { distribution3: { values: [1] } }))).toEqual(nothing);
  const given = row("gc@memory", { registry: { values: [1], cpu: [0] }, distribution3: { values: [1], cpu: [0] } });
  expect(standingOf(given)).toEqual({ wall: 1, cpu: undefined });
});

test("missesOf() names the parts that are missed, and says nothing where it cannot know", () => {
  const given = row("gc@memory", { registry: { values: [8], cpu: [1] }, distribution3: { values: [10], cpu: [1] } });
  expect(missesOf(given, { wall: 0.9, cpu: 0.9 })).toEqual(["cpu"]);
  expect(missesOf(given, { wall: 0.8 })).toEqual([]);
  expect(missesOf(given, { atMost: 7 })).toEqual(["atMost"]);
  expect(missesOf(row("gc@memory", {}), { wall: 0.9, atMost: 7 })).toBeUndefined();
});

test("columnsOf() has those that were measured or estimated, ours first", () => {
  const rows = [row("tag-16@memory", { distribution3: { values: [1] }, registry: { values: [1] } })];
  expect(columnsOf(rows)).toEqual(["registry", "distribution3", "zot", "angos"]);
  expect(columnsOf([row("gc@memory", { registry: { values: [1] } })])).toEqual(["registry"]);
});
