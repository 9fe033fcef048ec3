// A request, as events and the audit log describe it.
import type { Asked } from "../registry/actor.ts";

/** Where a request came from, and how it reached us. */
export interface RequestSource {
  /** The address of the caller; behind a trusted proxy the one that it told. */
  readonly remote: string | undefined;
  /** The address and port that the connection comes from. */
  readonly peer: string | undefined;
  readonly port: number | undefined;
  /** Scheme, host and prefix under which the caller reached us. */
  readonly base: string;
}

/** The request as events tell it. */
export function describeRequest({ headers, method }: Request, { remote = "", peer, port, base }: RequestSource): Asked {
  return {
    peer: remote === peer && port !== undefined ? formatPeer(remote, port) : remote,
    host: headers.get("host") ?? "",
    method,
    userAgent: headers.get("user-agent") ?? "",
    base,
  };
}

/** As Go writes it. */
function formatPeer(address: string, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
