import { expect, test } from "bun:test";
import { Metrics } from "../../src/metrics/metrics.ts";

test("metrics are written as Prometheus reads them", async () => {
  const metrics = new Metrics();
  const counter = metrics.counter({ name: "things_total", help: "Things" }, [{ type: "a" }, { type: "b" }]);
  const gauge = metrics.gauge({ name: "level", help: "A back\\slash" });
  const histogram = metrics.histogram({ name: "wait_seconds", help: "Waits" }, [0.1, 1]);
  counter.add({ type: "b" });
  counter.add({ type: "b" }, 2.5);
  gauge.set({ of: 'a "quoted"\nvalue' }, 7);
  gauge.add({ of: 'a "quoted"\nvalue' }, -1);
  for (const value of [0.05, 0.5, 5]) histogram.observe({ to: "x" }, value);
  expect(await metrics.format()).toBe(`# HELP things_total Things
# TYPE things_total counter
things_total{type="a"} 0
things_total{type="b"} 3.5
# HELP level A back\\\\slash
# TYPE level gauge
level{of="a \\"quoted\\"\\nvalue"} 6
# HELP wait_seconds Waits
# TYPE wait_seconds histogram
wait_seconds_bucket{to="x",le="0.1"} 1
wait_seconds_bucket{to="x",le="1"} 2
wait_seconds_bucket{to="x",le="+Inf"} 3
wait_seconds_sum{to="x"} 5.55
wait_seconds_count{to="x"} 3
`);
});

test("a value that cannot be read, or not in time, is left out", async () => {
  const metrics = new Metrics();
  metrics.read("counter", { name: "read_total", help: "Read" }, () => 5);
  metrics.read("gauge", { name: "unknown", help: "Unknown" }, () => undefined);
  metrics.read("gauge", { name: "failing", help: "Failing" }, async () => {
    throw new Error("the disk failed");
  });
  metrics.read("gauge", { name: "hanging", help: "Hanging" }, () => new Promise(() => undefined));
  const samples = (await metrics.format()).split("\n").filter((line) => !line.startsWith("#"));
  expect(samples).toEqual(["read_total 5", ""]);
});
