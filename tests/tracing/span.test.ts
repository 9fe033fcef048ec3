import { expect, test } from "bun:test";
import { formatExport, type Span } from "../../src/tracing/span.ts";

const plain: Span = {
  traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
  spanId: "00f067aa0ba902b7",
  parentId: undefined,
  state: "",
  name: "GET /v2/",
  kind: "server",
  startMs: 1_700_000_000_000.25,
  endMs: 1_700_000_000_001,
  attributes: { "http.route": "/v2/", "http.response.status_code": 200, absent: undefined },
  failure: undefined,
};

test("formatExport() writes OTLP's JSON", () => {
  const child: Span = { ...plain, parentId: "0000000000000001", state: "a=1", kind: "client", failure: "down" };
  const written = {
    traceId: plain.traceId,
    spanId: plain.spanId,
    name: "GET /v2/",
    startTimeUnixNano: "1700000000000250000",
    endTimeUnixNano: "1700000000001000000",
    attributes: [
      { key: "http.route", value: { stringValue: "/v2/" } },
      { key: "http.response.status_code", value: { intValue: "200" } },
    ],
  };
  const spans = [
    { ...written, kind: 2 },
    { ...written, parentSpanId: "0000000000000001", traceState: "a=1", kind: 3, status: { code: 2, message: "down" } },
  ];
  expect(JSON.parse(formatExport([plain, child], { "service.name": "registry" }))).toEqual({
    resourceSpans: [
      {
        resource: { attributes: [{ key: "service.name", value: { stringValue: "registry" } }] },
        scopeSpans: [{ scope: { name: "registry" }, spans }],
      },
    ],
  });
});
