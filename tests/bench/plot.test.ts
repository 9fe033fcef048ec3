import { expect, test } from "bun:test";
import { decades, formatPlot } from "../../bench/plot.ts";

test.each([
  [
    [3, 900],
    [1, 10, 100, 1000],
  ],
  [
    [10, 1000],
    [10, 100, 1000],
  ],
  [[5], [1, 10]],
  [
    [0.02, 0.5],
    [0.01, 0.1, 1],
  ],
  [[], [1, 10]],
])("decades(%p)", (values, want) => {
  expect(decades(values).map((value) => Number(value.toPrecision(6)))).toEqual(want);
});

const growth = {
  id: "tags",
  title: 'Tags <of> "one" & all',
  over: "tags",
  unit: "ms",
  sizes: [10, 1000],
  lines: { "GET a tag": [1, 10], "list them": [2, undefined] },
};

test("formatPlot() puts values on logarithmic axes: the ends of a line are the corners of the plot", () => {
  expect(formatPlot(growth)).toContain('<polyline points="70,360 520,50"');
});

test("formatPlot() leaves out what was not measured", () => {
  const [, second = ""] = [...formatPlot(growth).matchAll(/<polyline points="([^"]*)"/g)].map(([, points]) => points);
  expect(second.split(" ")).toHaveLength(1);
});

test("formatPlot() is well-formed, whatever names hold", async () => {
  const svg = formatPlot(growth);
  expect(svg).toContain("Tags &lt;of&gt; &quot;one&quot; &amp; all");
  const open: string[] = [];
  await new HTMLRewriter()
    .on("*", { element: (element) => void open.push(element.tagName) })
    .transform(new Response(svg))
    .text();
  expect(open).toContain("svg");
  expect(svg.match(/<text/g)?.length).toBe(svg.match(/<\/text>/g)?.length);
  expect(svg).not.toContain("NaN");
});
