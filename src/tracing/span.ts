// A finished span, and how OTLP writes spans as JSON (opentelemetry-proto, the JSON Protobuf encoding).

/** The attributes of a span. Absent values are left out. */
export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** One finished piece of work. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  /** Undefined: the trace begins here. */
  readonly parentId: string | undefined;
  readonly state: string;
  readonly name: string;
  readonly kind: "server" | "client";
  /** Milliseconds since 1970. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Attributes;
  /** Why it failed; undefined: it did not. */
  readonly failure: string | undefined;
}

const kinds: Record<Span["kind"], number> = { server: 2, client: 3 };
const errorStatus = 2;

/** The body of an export. */
export function formatExport(spans: readonly Span[], resource: Attributes): string {
  const scopeSpans = [{ scope: { name: "registry" }, spans: spans.map(formatSpan) }];
  return JSON.stringify({ resourceSpans: [{ resource: { attributes: formatAttributes(resource) }, scopeSpans }] });
}

function formatSpan(span: Span): object {
  const { traceId, spanId, parentId, state, name, kind, attributes, failure } = span;
  return {
    traceId,
    spanId,
    ...(parentId === undefined ? {} : { parentSpanId: parentId }),
    ...(state === "" ? {} : { traceState: state }),
    name,
    kind: kinds[kind],
    startTimeUnixNano: nanoseconds(span.startMs),
    endTimeUnixNano: nanoseconds(span.endMs),
    attributes: formatAttributes(attributes),
    ...(failure === undefined ? {} : { status: { code: errorStatus, message: failure } }),
  };
}

/** 64-bit numbers are text in JSON. */
function nanoseconds(timeMs: number): string {
  return String(BigInt(Math.round(timeMs * 1000)) * 1000n);
}

function formatAttributes(attributes: Attributes): object[] {
  return Object.entries(attributes).flatMap(([key, value]) => {
    if (value === undefined) return [];
    return [{ key, value: typeof value === "number" ? { intValue: String(value) } : { stringValue: value } }];
  });
}
