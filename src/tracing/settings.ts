// Where spans go, from OpenTelemetry's environment variables. Without an endpoint they go nowhere.

/** Where spans go, and which. */
export interface TracingSettings {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly sampler: Sampler;
  /** What is said of this process: `service.name` and others. */
  readonly resource: Readonly<Record<string, string>>;
  readonly maxQueue: number;
  readonly maxBatch: number;
  readonly delayMs: number;
}

/** Which traces are recorded. */
export interface Sampler {
  /** Whether the caller's decision counts if there is one. */
  readonly followsCaller: boolean;
  /** The part of the other traces: 0 none, 1 all. */
  readonly ratio: number;
}

/** Settings, undefined if no spans are exported, and what their writer should know. */
export interface TracingReading {
  readonly settings: TracingSettings | undefined;
  readonly warnings: readonly string[];
}

type TracingVariables = Readonly<Record<string, string | undefined>>;

const prefix = "OTEL_EXPORTER_OTLP_";
const maxQueueLimit = 65_536;
const maxDelayMs = 3_600_000;

/** Reads the variables. Values are not repeated in warnings: they may be secret. */
export function readTracingSettings(env: TracingVariables): TracingReading {
  const endpoint = findEndpoint(env);
  if (endpoint === undefined) return { settings: undefined, warnings: [] };
  if ("problem" in endpoint) return { settings: undefined, warnings: [endpoint.problem] };
  const warnings: string[] = [];
  const warn = (warning: string) => void warnings.push(warning);
  if (endpoint.protocol !== "http/json") {
    warn(`${prefix}PROTOCOL: spans are sent as http/json, which is all that is spoken`);
  }
  const whole = (name: string, fallback: number, most: number) => {
    const value = Number(env[name] || fallback);
    if (Number.isInteger(value) && value > 0) return Math.min(value, most);
    warn(`${name}: is not a whole number above 0, so it is ${fallback}`);
    return fallback;
  };
  const timeoutName = env[`${prefix}TRACES_TIMEOUT`] ? `${prefix}TRACES_TIMEOUT` : `${prefix}TIMEOUT`;
  const headersName = env[`${prefix}TRACES_HEADERS`] ? `${prefix}TRACES_HEADERS` : `${prefix}HEADERS`;
  const maxQueue = whole("OTEL_BSP_MAX_QUEUE_SIZE", 2048, maxQueueLimit);
  const settings: TracingSettings = {
    url: endpoint.url,
    headers: readHeaders(env[headersName], (problem) => warn(`${headersName}: ${problem}`)),
    timeoutMs: whole(timeoutName, 10_000, maxDelayMs),
    sampler: readSampler(env, warn),
    resource: readResource(env, warn),
    maxQueue,
    maxBatch: Math.min(whole("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 512, maxQueueLimit), maxQueue),
    delayMs: whole("OTEL_BSP_SCHEDULE_DELAY", 5000, maxDelayMs),
  };
  return { settings, warnings };
}

interface SpanEndpoint {
  readonly url: string;
  readonly protocol: string;
}

/** Where spans go; undefined if none are wanted. */
function findEndpoint(env: TracingVariables): SpanEndpoint | { readonly problem: string } | undefined {
  // The variable for traces wins over the one for every signal; an empty one counts as none.
  const written = (name: string) => env[`${prefix}TRACES_${name}`] || env[`${prefix}${name}`] || undefined;
  const endpoint = written("ENDPOINT");
  const exporter = env.OTEL_TRACES_EXPORTER || "otlp";
  if (endpoint === undefined || env.OTEL_SDK_DISABLED?.toLowerCase() === "true" || exporter === "none")
    return undefined;
  if (exporter !== "otlp") return { problem: "OTEL_TRACES_EXPORTER: no spans are exported, since only otlp is known" };
  const url = URL.parse(env[`${prefix}TRACES_ENDPOINT`] || `${endpoint.replace(/\/$/, "")}/v1/traces`);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    return { problem: `${prefix}ENDPOINT: no spans are exported, since it is not a URL such as http://collector:4318` };
  }
  const protocol = written("PROTOCOL") ?? "http/json";
  if (protocol.startsWith("http/")) return { url: url.href, protocol };
  const known = "only http/json is spoken (port 4318 of a collector)";
  return { problem: `${prefix}PROTOCOL: no spans are exported, since ${known}` };
}

type Warn = (warning: string) => void;

function readHeaders(written: string | undefined, warn: Warn): Record<string, string> {
  const pairs = readPairs(written, warn);
  const isHeader = ([name, value]: readonly [string, string]) =>
    /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) && /^[\t -~]*$/.test(value);
  if (!pairs.every(isHeader)) warn("what no header can hold is left out");
  return Object.fromEntries(pairs.filter(isHeader));
}

function readResource(env: TracingVariables, warn: Warn): Record<string, string> {
  const name = "OTEL_RESOURCE_ATTRIBUTES";
  const pairs = readPairs(env[name], (problem) => warn(`${name}: ${problem}`));
  const service = env.OTEL_SERVICE_NAME;
  return { "service.name": "registry", ...Object.fromEntries(pairs), ...(service ? { "service.name": service } : {}) };
}

/** `key=value,key=value`, percent-encoded, as W3C Baggage writes it. */
function readPairs(written: string | undefined, warn: Warn): (readonly [string, string])[] {
  const items = (written ?? "").split(",").filter((item) => item.trim() !== "");
  const pairs = items.map((item) => {
    const at = item.indexOf("=");
    const [key, value] = [item.slice(0, at).trim(), decode(item.slice(at + 1).trim())];
    return at < 1 || key === "" || value === undefined ? undefined : ([key, value] as const);
  });
  if (pairs.includes(undefined)) warn("what is not key=value is left out");
  return pairs.filter((pair) => pair !== undefined);
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function readSampler(env: TracingVariables, warn: Warn): Sampler {
  const name = env.OTEL_TRACES_SAMPLER || "parentbased_always_on";
  const followsCaller = name.startsWith("parentbased_");
  switch (name.replace("parentbased_", "")) {
    case "always_on":
      return { followsCaller, ratio: 1 };
    case "always_off":
      return { followsCaller, ratio: 0 };
    case "traceidratio":
      return { followsCaller, ratio: readRatio(env.OTEL_TRACES_SAMPLER_ARG, warn) };
    default:
      warn("OTEL_TRACES_SAMPLER: not a known sampler, so it is parentbased_always_on");
      return { followsCaller: true, ratio: 1 };
  }
}

function readRatio(written: string | undefined, warn: Warn): number {
  const ratio = Number(written || "1");
  if (ratio >= 0 && ratio <= 1) return ratio;
  warn("OTEL_TRACES_SAMPLER_ARG: is not a number from 0 to 1, so every trace is recorded");
  return 1;
}
