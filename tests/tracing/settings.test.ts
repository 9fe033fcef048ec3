import { describe, expect, test } from "bun:test";
import { readTracingSettings, type TracingSettings } from "../../src/tracing/settings.ts";

const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318" };
const defaults: TracingSettings = {
  url: "http://collector:4318/v1/traces",
  headers: {},
  timeoutMs: 10_000,
  sampler: { followsCaller: true, ratio: 1 },
  resource: { "service.name": "registry" },
  maxQueue: 2048,
  maxBatch: 512,
  delayMs: 5000,
};

test.each<[Record<string, string>, Partial<TracingSettings>]>([
  [{}, {}],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318/base/" }, { url: "http://collector:4318/base/v1/traces" }],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "https://traces/in" }, { url: "https://traces/in" }],
  [{ OTEL_TRACES_EXPORTER: "otlp", OTEL_SDK_DISABLED: "false", OTEL_EXPORTER_OTLP_PROTOCOL: "http/json" }, {}],
  [
    { OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20secret,x-a = 1" },
    { headers: { authorization: "Bearer secret", "x-a": "1" } },
  ],
  [{ OTEL_EXPORTER_OTLP_HEADERS: "a=1", OTEL_EXPORTER_OTLP_TRACES_HEADERS: "b=2" }, { headers: { b: "2" } }],
  [{ OTEL_EXPORTER_OTLP_TIMEOUT: "500" }, { timeoutMs: 500 }],
  [{ OTEL_EXPORTER_OTLP_TIMEOUT: "500", OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: "600" }, { timeoutMs: 600 }],
  [
    { OTEL_SERVICE_NAME: "mirror", OTEL_RESOURCE_ATTRIBUTES: "service.name=other,deployment.environment=a%2Cb" },
    { resource: { "service.name": "mirror", "deployment.environment": "a,b" } },
  ],
  [{ OTEL_RESOURCE_ATTRIBUTES: "service.name=other" }, { resource: { "service.name": "other" } }],
  [{ OTEL_TRACES_SAMPLER: "always_on" }, { sampler: { followsCaller: false, ratio: 1 } }],
  [{ OTEL_TRACES_SAMPLER: "always_off" }, { sampler: { followsCaller: false, ratio: 0 } }],
  [{ OTEL_TRACES_SAMPLER: "parentbased_always_off" }, { sampler: { followsCaller: true, ratio: 0 } }],
  [
    { OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "0.25" },
    { sampler: { followsCaller: false, ratio: 0.25 } },
  ],
  [
    { OTEL_TRACES_SAMPLER: "parentbased_traceidratio", OTEL_TRACES_SAMPLER_ARG: "" },
    { sampler: { followsCaller: true, ratio: 1 } },
  ],
  [
    { OTEL_BSP_MAX_QUEUE_SIZE: "100", OTEL_BSP_SCHEDULE_DELAY: "10" },
    { maxQueue: 100, maxBatch: 100, delayMs: 10 },
  ],
  [{ OTEL_BSP_SCHEDULE_DELAY: "1" }, { delayMs: 1 }],
])("readTracingSettings(%j)", (env, want) => {
  expect(readTracingSettings({ ...endpoint, ...env })).toEqual({ settings: { ...defaults, ...want }, warnings: [] });
});

test.each<[Record<string, string>]>([
  [{}],
  [{ OTEL_TRACES_EXPORTER: "otlp", OTEL_EXPORTER_OTLP_PROTOCOL: "grpc", OTEL_SERVICE_NAME: "x" }],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: "" }],
  [{ ...endpoint, OTEL_SDK_DISABLED: "TRUE" }],
  [{ ...endpoint, OTEL_TRACES_EXPORTER: "none" }],
])("with %j no spans are exported, and nothing is said", (env) => {
  expect(readTracingSettings(env)).toEqual({ settings: undefined, warnings: [] });
});

describe("one warning says what is not done, without the value", () => {
  test.each<[Record<string, string>, string, boolean]>([
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "collector" }, "OTEL_EXPORTER_OTLP_ENDPOINT: no spans are exported", false],
    [{ OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }, "OTEL_EXPORTER_OTLP_PROTOCOL: no spans are exported", false],
    [{ OTEL_TRACES_EXPORTER: "zipkin" }, "OTEL_TRACES_EXPORTER: no spans are exported", false],
    [
      { OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf" },
      "OTEL_EXPORTER_OTLP_PROTOCOL: spans are sent as http/json",
      true,
    ],
    [{ OTEL_TRACES_SAMPLER: "jaeger_remote" }, "OTEL_TRACES_SAMPLER: not a known sampler", true],
    [
      { OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "hunter2" },
      "OTEL_TRACES_SAMPLER_ARG: is not a number",
      true,
    ],
    [{ OTEL_EXPORTER_OTLP_HEADERS: "hunter2" }, "OTEL_EXPORTER_OTLP_HEADERS: what is not key=value", true],
    [{ OTEL_EXPORTER_OTLP_HEADERS: "a=%0ahunter2" }, "OTEL_EXPORTER_OTLP_HEADERS: what no header can hold", true],
    [{ OTEL_RESOURCE_ATTRIBUTES: "a=%hunter2" }, "OTEL_RESOURCE_ATTRIBUTES: what is not key=value", true],
    [{ OTEL_BSP_SCHEDULE_DELAY: "soon" }, "OTEL_BSP_SCHEDULE_DELAY: is not a whole number", true],
    [{ OTEL_BSP_SCHEDULE_DELAY: "1.5" }, "OTEL_BSP_SCHEDULE_DELAY: is not a whole number", true],
    [{ OTEL_BSP_SCHEDULE_DELAY: "0" }, "OTEL_BSP_SCHEDULE_DELAY: is not a whole number", true],
  ])("%j", (env, want, isOn) => {
    const { settings, warnings } = readTracingSettings({ ...endpoint, ...env });
    expect([settings !== undefined, warnings]).toEqual([isOn, [expect.stringContaining(want)]]);
    expect(warnings.join()).not.toContain("hunter2");
  });
});
