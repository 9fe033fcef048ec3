import { expect, test } from "bun:test";
import { openTracing } from "../../../src/app/observe/open-tracing.ts";
import type { RequestTrace } from "../../../src/tracing/tracer.ts";
import { namesIn } from "../../tracing/spans.ts";

/** What a collector that answers so receives of one request, and the warnings. */
async function traced(answer: () => Response, env: Record<string, string> = {}) {
  const got: [string, string | null, string[]][] = [];
  using server = Bun.serve({
    ...{ hostname: "127.0.0.1", port: 0, development: false },
    fetch: async (request) => {
      const { pathname } = new URL(request.url);
      got.push([pathname, request.headers.get("authorization"), namesIn(await request.text())]);
      return answer();
    },
  });
  const warnings: unknown[] = [];
  const logger = { warn: (message: string, fields?: object) => void warnings.push([message, fields]) };
  const { tracer, stop } = openTracing({
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: server.url.origin, OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "1", ...env },
    logger,
  });
  const trace = tracer.begin(new Headers()) as RequestTrace;
  tracer.end(trace, () => ({ name: "GET /v2/", attributes: {}, failure: undefined }));
  await stop();
  return { got, warnings, trace };
}

test("spans arrive at the collector, with the headers that it wants", async () => {
  const { got, warnings, trace } = await traced(() => Response.json({}), {
    OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20secret",
  });
  expect([got, warnings]).toEqual([[["/v1/traces", "Bearer secret", ["GET /v2/"]]], []]);
  expect([trace.context.traceId, trace.context.spanId].map((id) => /^[0-9a-f]+$/.test(id) && id.length)).toEqual([
    32, 16,
  ]);
});

test.each([
  [503, "the collector answers 503"],
  [307, "the collector answers 307"],
])("a collector that answers %d costs a warning and nothing else", async (status, reason) => {
  const { got, warnings } = await traced(() => new Response(null, { status, headers: { Location: "/elsewhere" } }));
  expect([got.length, warnings]).toEqual([1, [["spans were lost", { reason, count: 1 }]]]);
});

test("without a variable nothing is recorded", async () => {
  const { tracer, stop } = openTracing({ env: {}, logger: { warn: () => expect.unreachable() } });
  expect(tracer.begin(new Headers())).toBeUndefined();
  await stop();
});
