// Tracing as the environment's OTEL_* variables want it.
import { Occasional, onTimer } from "../../lib/occasional.ts";
import { messageOf } from "../../lib/system-error.ts";
import type { Logger } from "../../log/logger.ts";
import { SpanExporter } from "../../tracing/exporter.ts";
import { readTracingSettings, type TracingSettings } from "../../tracing/settings.ts";
import { Tracer } from "../../tracing/tracer.ts";

/** What tracing needs from the process. */
export interface TracingDependencies {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logger: Pick<Logger, "warn">;
}

/** The tracer, and how it ends. */
export interface OpenedTracing {
  readonly tracer: Tracer;
  /** Sends the spans that wait, within a moment. */
  stop(): Promise<void>;
}

const warningIntervalMs = 60_000;
/** A collector that hangs must not hold up the end of the process. */
const lastFlushMs = 2000;

/** Opens tracing. Spans are exported only if a variable names a collector. */
export function openTracing({ env, logger }: TracingDependencies): OpenedTracing {
  const { settings, warnings } = readTracingSettings(env);
  for (const warning of warnings) logger.warn(warning);
  const clock = { now: () => performance.timeOrigin + performance.now(), random };
  if (settings === undefined) return { tracer: new Tracer(clock), stop: async () => {} };
  const losses = new Occasional<string>({
    intervalMs: warningIntervalMs,
    maxKeys: 1,
    say: (_, reason, count) => logger.warn("spans were lost", { reason, count }),
    later: onTimer,
  });
  const exporter = new SpanExporter({
    ...settings,
    send: (body) => send(body, settings),
    onLost: (count, error) => losses.note("collector", messageOf(error), count),
  });
  return {
    tracer: new Tracer({ ...clock, recording: { sampler: settings.sampler, add: (span) => exporter.add(span) } }),
    stop: () => Promise.race([exporter.flush(), Bun.sleep(lastFlushMs)]),
  };
}

function random(bytes: number): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString("hex");
}

async function send(body: string, { url, headers, timeoutMs }: TracingSettings): Promise<void> {
  const response = await fetch(url, {
    method: "POST",
    headers: { ...headers, "Content-Type": "application/json", "User-Agent": "registry" },
    body,
    // The headers may hold a secret for this collector.
    redirect: "manual",
    signal: AbortSignal.timeout(timeoutMs),
    tls: { rejectUnauthorized: true },
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`the collector answers ${response.status}`);
}
