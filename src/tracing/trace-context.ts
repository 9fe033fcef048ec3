// W3C Trace Context: where a request belongs in its caller's trace.
//
//   traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
//                version, trace id, id of the span that caused the request, flags (01: sampled)

/** A place in a trace. */
export interface TraceContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly isSampled: boolean;
  /** What tracing systems tell each other; passed on as it came. Empty: nothing. */
  readonly state: string;
}

/** The least that the recommendation asks everybody to pass on. */
const maxStateLength = 512;

/** The context that a caller sent; undefined if it sent none, or nothing that can be relied on. */
export function parseTraceContext(parent: string | null, state: string | null): TraceContext | undefined {
  const match = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/.exec(parent?.trim() ?? "");
  const [, version, traceId = "", spanId = "", flags = "", rest] = match ?? [];
  if (match === null || version === "ff" || (version === "00" && rest !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1, state: readState(state) };
}

/** A state that is too long, or that no header may hold, is left out: the trace continues without it. */
function readState(state: string | null): string {
  return state !== null && state.length <= maxStateLength && /^[ -~]*$/.test(state) ? state : "";
}

/** The headers that pass a context on. */
export function formatTraceContext({ traceId, spanId, isSampled, state }: TraceContext): Record<string, string> {
  const traceparent = `00-${traceId}-${spanId}-${isSampled ? "01" : "00"}`;
  return state === "" ? { traceparent } : { traceparent, tracestate: state };
}
