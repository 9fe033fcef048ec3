// Spans for tests.
import type { Span } from "../../src/tracing/span.ts";

/** A span of that name. */
export function spanOf(name: string): Span {
  return {
    ...{ traceId: "1".repeat(32), spanId: "2".repeat(16), parentId: undefined, state: "", name, kind: "server" },
    ...{ startMs: 0, endMs: 1, attributes: {}, failure: undefined },
  };
}

/** The names of the spans in the body of an export. */
export function namesIn(body: string): string[] {
  const { resourceSpans } = JSON.parse(body) as {
    resourceSpans: { scopeSpans: { spans: { name: string }[] }[] }[];
  };
  return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans.map(({ name }) => name)));
}
