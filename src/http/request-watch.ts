// What a request's observer is told: which route it takes, and at the end how it went.
import { type ErrorCode, RegistryError } from "../oci/errors.ts";
import { isClientGone } from "./errors.ts";
import type { Route } from "./route.ts";

/** How a request went. Sizes are without what is not known before it is sent. */
export interface EndedRequest {
  readonly method: string;
  readonly status: number;
  /** Until the answer's headers are there; its body may take longer. */
  readonly durationMs: number;
  readonly requestBytes: number;
  /** Of the body; undefined if it is not known before it is sent. */
  readonly responseBytes: number | undefined;
  /** Why it was refused; undefined if it was not. */
  readonly refusal: ErrorCode | undefined;
}

/** Called when the route is known, or undefined if there is none; what it returns is called at the end. */
export type WatchRequest = (route: Route["kind"] | undefined) => (ended: EndedRequest) => void;

/** Describes it. */
export function describeEnd(
  request: Request,
  {
    response,
    failure,
    durationMs,
  }: { readonly response: Response; readonly failure: unknown; readonly durationMs: number },
): EndedRequest {
  return {
    method: request.method,
    status: isClientGone(failure) ? 499 : response.status,
    durationMs,
    requestBytes: measureRequest(request),
    responseBytes: measureResponse(response, request.method),
    refusal: failure instanceof RegistryError ? failure.code : undefined,
  };
}

/** About what Prometheus's own library for Go counts: the request line, the headers and the announced body. */
function measureRequest({ method, url, headers }: Request): number {
  let sizeBytes = method.length + url.length;
  for (const [name, value] of headers) sizeBytes += name.length + value.length;
  return sizeBytes + (Number(headers.get("content-length")) || 0);
}

/** The body of an answer, if it says how large it is. */
function measureResponse({ headers, body }: Response, method: string): number | undefined {
  if (method === "HEAD" || body === null) return 0;
  const announced = headers.get("content-length");
  return announced === null ? undefined : Number(announced);
}
