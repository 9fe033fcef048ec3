// What the logs say about a request that was answered.
import { type Caller, formatIdentity } from "../auth/identity.ts";
import type { AccessLog } from "../log/access-log.ts";
import type { LogFields, Logger } from "../log/logger.ts";
import type { RequestTrace } from "../tracing/tracer.ts";
import { isClientGone, isDiskFailure, isFailure } from "./errors.ts";

/** A request and how it went. */
export interface Answered {
  readonly request: Request;
  readonly remote: string | undefined;
  readonly response: Response;
  readonly requestId: string;
  readonly caller: Caller;
  /** What was thrown; undefined: nothing. */
  readonly failure: unknown;
  readonly durationMs: number;
  /** Undefined: none. */
  readonly trace?: RequestTrace | undefined;
}

/** Where it is logged. */
export interface RequestLogs {
  readonly logger: Logger;
  /** Undefined if there is none. */
  readonly accessLog?: AccessLog | undefined;
}

/** One line in each log. */
export function logRequest({ logger, accessLog }: RequestLogs, answered: Answered): void {
  const { request, remote, response, requestId, caller, failure, durationMs, trace } = answered;
  const level = failure !== undefined && isFailure(failure) ? "error" : "info";
  if (accessLog === undefined && !logger.isOn(level)) return;
  const url = shownUrl(request.url);
  const agent = cut(request.headers.get("user-agent") ?? "");
  const user = caller.identity.kind === "anonymous" ? undefined : formatIdentity(caller.identity);
  const status = isClientGone(failure) ? 499 : response.status;
  const ms = Math.round(durationMs * 10) / 10;
  const fields = { id: requestId, method: request.method, url, status, ms, remote, user, agent, ...traceFields(trace) };
  logOutcome(logger, answered, fields);
  if (accessLog === undefined) return;
  const target = cut(url.replace(/^[a-z]+:\/\/[^/?#]*/i, "")) || "/";
  const length = response.headers.get("content-length");
  const sizeBytes = length === null ? undefined : Number(length);
  const referrer = cut(request.headers.get("referer") ?? "");
  accessLog.record({ remote, user, method: request.method, target, status, sizeBytes, referrer, agent, durationMs });
}

/** As OpenTelemetry names them in logs. A trace that is only passed on has no span here. */
function traceFields(trace: RequestTrace | undefined): LogFields {
  if (trace === undefined) return {};
  const { traceId, spanId } = trace.context;
  return { trace_id: traceId, span_id: trace.isRecorded ? spanId : undefined };
}

function logOutcome(logger: Logger, { request, response, failure }: Answered, fields: LogFields): void {
  if (failure === undefined) logger.info("request", fields);
  else if (isFailure(failure)) logger.error("request failed", { ...fields, error: describeFailure(failure) });
  else if (isClientGone(failure)) logger.info("client went away", fields);
  else if (!(failure instanceof Error)) return;
  // Clients look before they push, so that something is absent is an answer like another.
  else if (response.status === 404 && ["GET", "HEAD"].includes(request.method)) logger.info("request", fields);
  else logger.info("request refused", { ...fields, reason: reasonOf(failure) });
}

/** No agent, referrer or URL of a real client is longer. */
const maxShown = 2000;

function cut(text: string): string {
  return text.length > maxShown ? `${text.slice(0, maxShown)}...` : text;
}

/** Clients put passwords and tokens into URLs, although nothing here reads them there. */
function shownUrl(url: string): string {
  const shown = cut(url);
  if (!/[?@]/.test(shown)) return shown;
  return shown
    .replace(/^([a-z]+:\/\/)[^/?#]*@/i, "$1")
    .replace(/([?&](?:[\w-]*(?:token|secret|password|signature|key)|auth|authorization)=)[^&]*/gi, "$1***");
}

/** The message to the client, and what is kept from it. */
function reasonOf(failure: Error): string {
  return failure.cause instanceof Error ? `${failure.message}: ${failure.cause.message}` : failure.message;
}

/** Includes the cause, which a stack alone leaves out. If the disk is to blame, a stack would not help. */
export function describeFailure(failure: unknown): string {
  if (!(failure instanceof Error)) return String(failure);
  if (isDiskFailure(failure)) return failure.message;
  const text = failure.stack ?? failure.message;
  return failure.cause === undefined ? text : `${text}\ncaused by: ${describeFailure(failure.cause)}`;
}
