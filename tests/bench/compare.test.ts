import { expect, test } from "bun:test";
import { changesOf, findSlower, formatSlower } from "../../bench/compare.ts";
import type { Results, Row, Unit } from "../../bench/results.ts";

const run = (...rows: Row[]): Results => ({ machine: "m", date: "d", versions: {}, rows, growth: [] });

function row(ours: readonly number[], peer: readonly number[] | undefined, unit: Unit = "ms"): Row {
  const series = {
    registry: { values: ours, cpu: [1, 1, 1] },
    ...(peer === undefined ? {} : { distribution2: { values: peer, cpu: [1, 1, 1] } }),
  };
  return { id: "work@memory", work: "work", unit, series };
}

test("findSlower() finds what became slower beside the peer", () => {
  const slower = findSlower(run(row([10, 10, 10], [20, 20, 20])), run(row([13, 13, 13], [20, 20, 20])));
  expect(slower).toEqual([{ work: "work", what: "time", factor: 1.3, noise: 1.15 }]);
});

test("findSlower() lets a slower machine pass, where the peer is slower too", () => {
  expect(findSlower(run(row([10], [20])), run(row([30], [60])))).toEqual([]);
});

test("findSlower() lets pass what samples differ by anyway", () => {
  const [before, now] = [run(row([8, 10, 12], [20, 20, 20])), run(row([11, 14, 17], [20, 20, 20]))];
  expect(changesOf(before, now)[0]?.factor).toBeCloseTo(1.4, 6);
  expect(findSlower(before, now)).toEqual([]);
});

test("findSlower() compares times as they are without a peer in both, and memory always", () => {
  expect(findSlower(run(row([10], undefined)), run(row([20], [5])))).toHaveLength(1);
  expect(findSlower(run(row([100], [50], "MiB")), run(row([200], [100], "MiB")))[0]).toMatchObject({
    what: "amount",
    factor: 2,
  });
});

test("changesOf() leaves out rows that are not in both or count something else", () => {
  expect(changesOf(run(), run(row([1], [1])))).toEqual([]);
  expect(changesOf(run(row([1], [1], "s")), run(row([1], [1])))).toEqual([]);
});

test("formatSlower() says how many numbers were compared, the worst first", () => {
  expect(formatSlower([], 12)).toBe("Nothing became slower than noise explains (12 numbers compared).");
  const text = formatSlower([{ work: "push", what: "CPU", factor: 1.5, noise: 1.2 }], 12);
  expect(text).toBe(
    "Slower than noise explains (1 of 12 numbers):\n- push: CPU is 1.50 times what it was (noise explains 1.20)",
  );
});
