// Traces of requests: taken over from the caller, passed on to whoever is asked on its behalf, and recorded as spans
// if they are exported. What runs on behalf of a request finds its trace through the runtime's asynchronous context.
import { AsyncLocalStorage } from "node:async_hooks";
import type { Sampler } from "./settings.ts";
import type { Attributes, Span } from "./span.ts";
import { formatTraceContext, parseTraceContext, type TraceContext } from "./trace-context.ts";

/** How traces are made. */
export interface TracerOptions {
  /** Milliseconds since 1970, with fractions. */
  readonly now: () => number;
  /** That many random bytes in hexadecimal. */
  readonly random: (bytes: number) => string;
  /** Undefined: nothing is recorded. */
  readonly recording?: { readonly sampler: Sampler; readonly add: (span: Span) => void } | undefined;
}

/** The trace of one request. */
export interface RequestTrace {
  readonly context: TraceContext;
  /** The span above ours; undefined if the trace begins here. */
  readonly parentId: string | undefined;
  /** Whether its spans are exported; else it is only passed on. */
  readonly isRecorded: boolean;
  readonly startMs: number;
}

/** How a piece of work ended. */
export interface Ending {
  readonly name: string;
  readonly attributes: Attributes;
  readonly failure: string | undefined;
}

/** A request that is sent on behalf of another. */
export interface TracedCall {
  /** What tells the one that is asked of the trace. */
  readonly headers: Readonly<Record<string, string>>;
  end(ending: Ending): void;
}

/** Makes traces, and steps of the one that the running code belongs to. */
export class Tracer {
  readonly #options: TracerOptions;
  readonly #running = new AsyncLocalStorage<RequestTrace>();

  constructor(options: TracerOptions) {
    this.#options = options;
  }

  /** The trace of a request with these headers; undefined if there is nothing to record or to pass on. */
  begin(headers: Headers): RequestTrace | undefined {
    const parent = headers.get("traceparent");
    const { recording, random, now } = this.#options;
    if (parent === null && recording === undefined) return undefined;
    const caller = parent === null ? undefined : parseTraceContext(parent, headers.get("tracestate"));
    if (recording === undefined) {
      return caller === undefined
        ? undefined
        : { context: caller, parentId: undefined, isRecorded: false, startMs: now() };
    }
    const traceId = caller?.traceId ?? random(16);
    const isRecorded = isSampled(recording.sampler, traceId, caller);
    if (!isRecorded && caller === undefined) return undefined;
    const spanId = isRecorded || caller === undefined ? random(8) : caller.spanId;
    const context = { traceId, spanId, isSampled: isRecorded, state: caller?.state ?? "" };
    return { context, parentId: caller?.spanId, isRecorded, startMs: now() };
  }

  /** Does work that belongs to the trace. */
  within<T>(trace: RequestTrace, work: () => T): T {
    return this.#running.run(trace, work);
  }

  /** Records the span of a request; `ending` is asked only if it is recorded. */
  end({ context, parentId, isRecorded, startMs }: RequestTrace, ending: () => Ending): void {
    if (!isRecorded) return;
    const { recording, now } = this.#options;
    recording?.add({ ...context, parentId, kind: "server", startMs, endMs: now(), ...ending() });
  }

  /** Begins a request on behalf of the running one; undefined if that has no trace. */
  call(): TracedCall | undefined {
    const trace = this.#running.getStore();
    if (trace === undefined) return undefined;
    if (!trace.isRecorded) return { headers: formatTraceContext(trace.context), end: () => {} };
    const { recording, now, random } = this.#options;
    const context = { ...trace.context, spanId: random(8) };
    const [parentId, startMs] = [trace.context.spanId, now()];
    return {
      headers: formatTraceContext(context),
      end: (ending) => recording?.add({ ...context, parentId, kind: "client", startMs, endMs: now(), ...ending }),
    };
  }
}

/** By the trace's identifier, so that everybody with the same ratio decides alike. */
function isSampled({ followsCaller, ratio }: Sampler, traceId: string, caller: TraceContext | undefined): boolean {
  if (followsCaller && caller !== undefined) return caller.isSampled;
  // The last seven bytes, which a double holds nearly and the recommendation calls random.
  return Number.parseInt(traceId.slice(-14), 16) < ratio * 2 ** 56;
}
