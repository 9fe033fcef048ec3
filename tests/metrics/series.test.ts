import { expect, test } from "bun:test";
import { formatFigures } from "../../src/metrics/figures.ts";
import { FigureSet, HistogramSet } from "../../src/metrics/series.ts";

test("bounds are written as Go writes them", () => {
  const sizes = new HistogramSet({ name: "size", help: "Sizes" }, [0.005, 524_288, 2 ** 20, 2 ** 31, 2e12]);
  sizes.observe({}, 2 ** 20);
  const bounds = [...formatFigures([sizes.figures()]).matchAll(/le="([^"]+)"\} (\d)/g)].map(([, bound, count]) => [
    bound,
    count,
  ]);
  expect(bounds).toEqual([
    ["0.005", "0"],
    ["524288", "0"],
    ["1.048576e+06", "1"],
    ["2.147483648e+09", "1"],
    ["2e+12", "1"],
    ["+Inf", "1"],
  ]);
});

test("no more than 10,000 sets of labels are kept", () => {
  const figures = new FigureSet("counter", { name: "n", help: "N" });
  for (let index = 0; index < 10_100; index += 1) figures.at({ index: String(index) }).value += 1;
  expect(formatFigures([figures.figures()]).trim().split("\n").length).toBe(10_002);
});

test("values that are no finite numbers are written as Prometheus reads them", () => {
  const figures = new FigureSet("gauge", { name: "n", help: "N" });
  figures.at({ of: "a" }).value = Number.POSITIVE_INFINITY;
  figures.at({ of: "b" }).value = Number.NaN;
  expect(formatFigures([figures.figures()]).split("\n").slice(2)).toEqual(['n{of="a"} +Inf', 'n{of="b"} NaN', ""]);
});
