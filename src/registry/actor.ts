// Who asks: known at the door, and handed to everything that is done, for events and the audit log.

/** The caller of a request. */
export interface Actor {
  readonly name: string;
  /** The identifier of the request, as in its log line; undefined for work that no request asked for. */
  readonly requestId: string | undefined;
  /** The address that the request comes from, where it is known. */
  readonly remote?: string | undefined;
}

/** Whoever asks without credentials. */
export function anonymous(requestId?: string): Actor {
  return { name: "anonymous", requestId };
}
