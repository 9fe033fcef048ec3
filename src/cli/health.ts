// registry health
import { parseListenAddress } from "../config/listen-address.ts";
import type { Configuration } from "../config/schema.ts";
import { parseDuration } from "../lib/duration.ts";
import { nodeHttp, nodeHttps } from "../lib/late-modules.ts";
import { errorCode, messageOf } from "../lib/system-error.ts";
import { type Command, CommandError, type CommandIo, flagOf, type ParsedWords, UsageError } from "./command.ts";
import { loadFor } from "./load-for.ts";

/** Asks whether a registry answers, for containers and probes. */
export const healthCommand: Command = {
  name: "health",
  summary: "exits with 0 where a registry answers",
  operands: "[url]",
  maxOperands: 1,
  description: `Asks the registry at [url], such as https://registry.example.com, and exits with 0 if one answers that is well, also
where it asks for a login; otherwise with 1. Without a URL it asks the server of this machine, where the configuration of
REGISTRY_CONFIGURATION_PATH and REGISTRY_… variables says that it listens. A URL with a path, such as
http://localhost:5001/debug/health, is requested as given, and has to answer with 200.

The certificate is not checked, since nothing secret is sent. Where callers need a certificate (http.tls.clientcas), ask
http.debug.addr instead. In a Dockerfile: HEALTHCHECK CMD ["registry", "health"]`,
  flags: [{ name: "timeout", value: "DURATION", help: "how long to wait for the answer (default 5s)" }],
  run: health,
};

interface HealthAnswer {
  readonly status: number;
  /** Whether the headers are those of a registry. */
  readonly isRegistry: boolean;
}

async function health(words: ParsedWords, io: CommandIo): Promise<number> {
  const written = flagOf(words, "timeout") ?? "5s";
  const timeoutMs = parseDuration(written);
  if (timeoutMs === undefined || timeoutMs <= 0) {
    throw new UsageError(`--timeout: ${JSON.stringify(written)} is not a duration such as 5s`);
  }
  const [url] = words.positionals;
  const urls = url === undefined ? [ownUrl((await loadFor(words, io)).configuration)] : expandUrl(url);
  const problems: string[] = [];
  for (const asked of urls) {
    const problem = await findProblem(asked, timeoutMs);
    if (problem === undefined) {
      io.stdout(`${asked.href} answers\n`);
      return 0;
    }
    problems.push(`${asked.href} ${problem}`);
  }
  throw new CommandError(problems.join("; "));
}

/** Where the server of this machine listens. */
export function ownUrl({ http }: Configuration): URL {
  const { hostname, port } = parseListenAddress(http.addr) ?? { hostname: undefined, port: 0 };
  const isSecure = http.tls.certificate !== undefined || http.tls.selfsigned.isOn;
  const anywhere: Readonly<Record<string, string>> = { "": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1" };
  const host = anywhere[hostname ?? ""] ?? hostname ?? "";
  const authority = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  return new URL(`${isSecure ? "https" : "http"}://${authority}${http.prefix}v2/`);
}

/** Without a scheme, as clients do it: HTTPS, then HTTP. */
function expandUrl(url: string): readonly URL[] {
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(url);
  const urls = (hasScheme ? [url] : [`https://${url}`, `http://${url}`]).map((text) => URL.parse(text));
  return urls.map((parsed) => {
    if (parsed === null || !/^https?:$/.test(parsed.protocol)) {
      throw new UsageError(`${JSON.stringify(url)} is not the URL of a registry, such as https://registry.example.com`);
    }
    if (parsed.pathname === "/") parsed.pathname = "/v2/";
    return parsed;
  });
}

/** What is wrong, in words that follow the URL. */
async function findProblem(url: URL, timeoutMs: number): Promise<string | undefined> {
  try {
    const { status, isRegistry } = await ask(url, timeoutMs);
    if (!url.pathname.endsWith("/v2/")) return status === 200 ? undefined : `answers ${status}`;
    if (status !== 200 && status !== 401) return `answers ${status}`;
    return isRegistry ? undefined : "answers, but is not a registry";
  } catch (error) {
    const code = errorCode(error) ?? "";
    if (code === "ABORT_ERR") return `does not answer within ${timeoutMs} ms`;
    return code === "ECONNREFUSED" ? "refuses connections" : `cannot be asked: ${messageOf(error)}`;
  }
}

/** With node:https, since fetch would go through a proxy that registry clients do not use. */
function ask(url: URL, timeoutMs: number): Promise<HealthAnswer> {
  return new Promise((resolve, reject) => {
    const options = { rejectUnauthorized: false, agent: false, signal: AbortSignal.timeout(timeoutMs) } as const;
    const send = url.protocol === "https:" ? nodeHttps().get : nodeHttp().get;
    const request = send(url, options, ({ statusCode, headers }) => {
      const isRegistry = "docker-distribution-api-version" in headers || "www-authenticate" in headers;
      resolve({ status: statusCode ?? 0, isRegistry });
      request.destroy();
    });
    request.on("error", reject);
  });
}
