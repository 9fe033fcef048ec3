// Who asks: known at the door, and passed to everything that is done, for events and the audit log.

/** The caller of a request. */
export interface Actor {
  readonly name: string;
  /** The identifier of the request, as in its log line; undefined for work that no request asked for. */
  readonly requestId: string | undefined;
  /** The address that the request comes from, if it is known. */
  readonly remote?: string | undefined;
  readonly asked?: Asked | undefined;
}

/** A request as events and the audit log describe it. */
export interface Asked {
  /** Its address and port, or the address alone if a proxy has passed it on. */
  readonly peer: string;
  readonly host: string;
  readonly method: string;
  readonly userAgent: string;
  /** How links begin, as the caller reached us: scheme, host and path, ending in "/". */
  readonly base: string;
}

/** A caller without credentials. */
export function anonymous(requestId?: string): Actor {
  return { name: "anonymous", requestId };
}
