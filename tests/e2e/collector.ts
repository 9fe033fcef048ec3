// A collector of spans: OTLP over HTTP, as JSON.

/** A span as a table has it. */
export interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly service: unknown;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** A running collector. */
export interface Collector extends Disposable {
  readonly url: string;
  /** What has come so far. */
  readonly spans: readonly CollectedSpan[];
}

interface Written {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly intValue?: string };
}

interface Export {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Written[] };
    readonly scopeSpans: readonly {
      readonly spans: readonly (Omit<CollectedSpan, "attributes" | "service"> & { attributes: readonly Written[] })[];
    }[];
  }[];
}

/** Starts one on a free port; it takes spans at /v1/traces alone. */
export function startCollector(): Collector {
  const spans: CollectedSpan[] = [];
  const server = Bun.serve({
    ...{ hostname: "127.0.0.1", port: 0, development: false },
    fetch: async (request) => {
      const isExport = request.method === "POST" && new URL(request.url).pathname === "/v1/traces";
      if (!isExport || request.headers.get("content-type") !== "application/json")
        return new Response(null, { status: 400 });
      for (const { resource, scopeSpans } of ((await request.json()) as Export).resourceSpans) {
        const service = plain(resource.attributes)["service.name"];
        for (const span of scopeSpans.flatMap((scope) => scope.spans)) {
          spans.push({ ...span, service, attributes: plain(span.attributes) });
        }
      }
      return Response.json({});
    },
  });
  return { url: server.url.origin, spans, [Symbol.dispose]: () => void server.stop(true) };
}

function plain(attributes: readonly Written[]): Record<string, unknown> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [
      key,
      value.intValue === undefined ? value.stringValue : Number(value.intValue),
    ]),
  );
}
