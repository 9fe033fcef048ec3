import { expect, test } from "bun:test";
import fc from "fast-check";
import { type JsonLimits, JsonMeter } from "../../src/lib/json-shape.ts";
import { workedMs } from "../turns.ts";

const limits: JsonLimits = { maxDepth: 3, maxValues: 20, maxDifferentKeys: 4, maxEscapes: 3 };
const wide: JsonLimits = { maxDepth: 1000, maxValues: 1e9, maxDifferentKeys: 1e9, maxEscapes: 1e9 };

function meterOf(text: string, chosen: JsonLimits): JsonMeter {
  return new JsonMeter(new TextEncoder().encode(text), chosen);
}

test.each([
  ["", "done"],
  ['{"a":{"b":{"c":1}}}', "done"],
  ['{"a":{"b":{"c":{}}}}', { problem: "objects and arrays are nested more than 3 deep" }],
  [`[${"1,".repeat(17)}1]`, "done"],
  [`[${"1,".repeat(19)}1]`, { problem: "there are more than 20 keys and values" }],
  ['[{"a":1,"b":1},{"a":2,"b":2},{"a":3}]', "done"],
  ['{"a":1,"b":2,"c":3,"d":4}', "done"],
  ['{"a":1,"b":2,"c":3,"d":4,"e":5}', { problem: "there are more than 4 different keys" }],
  ['["a:","b:","c:","d:","e:"]', "done"],
  ['{"a" :1,"b"\t:2,"c"\n:3,"d"\r:4,"e" \t\r\n :5}', { problem: "there are more than 4 different keys" }],
  ['["\\n\\"\\\\"]', "done"],
  ['["\\n\\"\\\\\\u0041"]', { problem: "the strings have more than 3 escapes" }],
] as const)("JsonMeter of %p", (text, want) => {
  expect(meterOf(text, limits).advance(1e9)).toEqual(want);
});

test.each([
  ['{"size":5}', undefined],
  ['{"size":-5,"other":5.0,"s":"5.0","list":[1.5]}', undefined],
  ['{"size":"5.0","a":{"size":[5.0]}}', undefined],
  ['{"size":5.0}', "size"],
  ['{"a":[{"size" :\n 5e0}]}', "size"],
  ['{"size":5E0}', "size"],
  ['{"size":-0.0}', "size"],
  ['{"\\u0073ize":5.0}', "size"],
  ['{"count":1e1}', "count"],
  [`{"${"size".repeat(100)}":5.0}`, undefined],
])("JsonMeter of %p with keys of whole numbers", (text, key) => {
  const found = meterOf(text, { ...wide, wholeKeys: ["size", "count"] }).advance(1e9);
  expect<unknown>(found).toEqual(key === undefined ? "done" : { problem: `${key} is not written as a whole number` });
});

test("JsonMeter counts the pairs of whatever JSON.stringify() writes, in slices of any length", () => {
  const countPairs = (value: unknown): number =>
    typeof value !== "object" || value === null
      ? 0
      : Object.values(value).reduce((sum: number, inner) => sum + countPairs(inner), 0) +
        (Array.isArray(value) ? 0 : Object.keys(value).length);
  fc.assert(
    fc.property(fc.jsonValue(), fc.integer({ min: 1, max: 20 }), fc.nat(4), (value, sliceBytes, space) => {
      const meter = meterOf(JSON.stringify(value, null, space), wide);
      while (meter.advance(sliceBytes) === "more");
      expect(meter.pairs).toBe(countPairs(value));
    }),
  );
});

test.each([
  ["escapes", `["${"\\n".repeat(500_000)}"]`],
  ["escaped quotes", `["${'\\"'.repeat(500_000)}"]`],
  ["strings", `[${'"",'.repeat(500_000)}1]`],
  ["strings before one escape", `[${'"",'.repeat(500_000)}"\\n"]`],
  ["keys without a value", `{${'"a"     '.repeat(150_000)}`],
  ["a quote that nothing ends", `[${'"'}${"x".repeat(1_000_000)}`],
  ["backslashes at the end", `["${"\\".repeat(1_000_001)}`],
])("JsonMeter goes once through %s", (_name, text) => {
  const measureMs = (part: string) => {
    const meter = meterOf(part, wide);
    const startMs = workedMs();
    meter.advance(1e9);
    return workedMs() - startMs;
  };
  const bestMs = (part: string) => Math.min(measureMs(part), measureMs(part), measureMs(part));
  const tenthMs = bestMs(text.slice(0, text.length / 10));
  const wholeMs = measureMs(text);
  // A search that began anew at each of 500,000 would take minutes, and a hundred times as long for ten times the text.
  if (wholeMs >= 1000) expect(bestMs(text)).toBeLessThan(40 * tenthMs);
});
