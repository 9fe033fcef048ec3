import { expect, test } from "bun:test";
import { formatTraceContext, parseTraceContext } from "../../src/tracing/trace-context.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const spanId = "00f067aa0ba902b7";

test.each([
  [`00-${traceId}-${spanId}-01`, null, { traceId, spanId, isSampled: true, state: "" }],
  [` 00-${traceId}-${spanId}-00 `, "a=1,b=2", { traceId, spanId, isSampled: false, state: "a=1,b=2" }],
  [`cc-${traceId}-${spanId}-03-what-comes-later`, null, { traceId, spanId, isSampled: true, state: "" }],
  [`00-${traceId}-${spanId}-01`, "x".repeat(513), { traceId, spanId, isSampled: true, state: "" }],
  [`00-${traceId}-${spanId}-01`, "a\nb", { traceId, spanId, isSampled: true, state: "" }],
])("parseTraceContext(%p, %p)", (parent, state, want) => {
  expect(parseTraceContext(parent, state)).toEqual(want);
});

test.each([
  [null],
  [""],
  [`00-${traceId}-${spanId}`],
  [`00-${traceId}-${spanId}-01-more`],
  [`ff-${traceId}-${spanId}-01`],
  [`00-${traceId.toUpperCase()}-${spanId}-01`],
  [`00-${"0".repeat(32)}-${spanId}-01`],
  [`00-${traceId}-${"0".repeat(16)}-01`],
  [`00-${traceId}-${spanId}-01, 00-${traceId}-${spanId}-01`],
  [`00-${traceId}-${spanId}-01\n`.repeat(1000)],
])("parseTraceContext() takes nothing from %p", (parent) => {
  expect(parseTraceContext(parent, null)).toBeUndefined();
});

test.each([["00"], ["01"]])("formatTraceContext() passes on what was parsed, flags %s", (flags) => {
  const headers = { traceparent: `00-${traceId}-${spanId}-${flags}`, tracestate: "a=1" };
  const context = parseTraceContext(headers.traceparent, headers.tracestate);
  expect(context && formatTraceContext(context)).toEqual(headers);
  expect(context && formatTraceContext({ ...context, state: "" })).toEqual({ traceparent: headers.traceparent });
});
