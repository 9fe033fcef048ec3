import { expect, test } from "bun:test";
import { countedFigures, type Figures, formatFigures, mergeFigures } from "../../src/metrics/figures.ts";

const requests = (samples: Figures["samples"]): Figures => ({ name: "requests", help: "R", kind: "counter", samples });

function gauge(name: string, value: number, merging?: Figures["merging"]): Figures {
  return { name, help: "G", kind: "gauge", samples: [[name, value]], ...(merging === undefined ? {} : { merging }) };
}

test("mergeFigures() adds up what several processes count, each series by itself", () => {
  const one = [requests([['requests{code="200"}', 3]]), gauge("inFlight", 1)];
  const other = [
    requests([
      ['requests{code="404"}', 1],
      ['requests{code="200"}', 4],
    ]),
    gauge("inFlight", 2),
    gauge("only", 5),
  ];
  const samples = mergeFigures([one, other]).map((figures) => figures.samples);
  expect(samples).toEqual([
    [
      ['requests{code="200"}', 7],
      ['requests{code="404"}', 1],
    ],
    [["inFlight", 3]],
    [["only", 5]],
  ]);
});

test("mergeFigures() takes the first or the least of what all processes see alike", () => {
  const merged = mergeFigures([
    [gauge("free", 10, "first"), gauge("left", 7, "least")],
    [gauge("free", 11, "first"), gauge("left", 6, "least")],
  ]);
  expect(merged.flatMap(({ samples }) => samples)).toEqual([
    ["free", 10],
    ["left", 6],
  ]);
});

test("countedFigures() leaves out what ends with its process", () => {
  const counted = countedFigures([requests([["requests", 1]]), gauge("inFlight", 1)]);
  expect(counted.map(({ name }) => name)).toEqual(["requests"]);
});

test("formatFigures() writes a help that has several lines in one", () => {
  const text = formatFigures([{ ...requests([["requests", 2]]), help: "a\nb\\c" }]);
  expect(text).toBe("# HELP requests a\\nb\\\\c\n# TYPE requests counter\nrequests 2\n");
});
