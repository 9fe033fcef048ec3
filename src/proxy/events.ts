// What the cache reports: it neither logs nor counts by itself.

/** The kinds of content, in the words of distribution's metrics. */
export type ContentType = "manifest" | "blob";

/** Something that happened. */
export type ProxyEvent =
  /** One request to an upstream; status 0 means no answer. */
  | {
      readonly kind: "request";
      readonly upstream: string;
      readonly method: string;
      /** Without its query, which may hold a signature. */
      readonly url: string;
      readonly status: number;
      readonly durationMs: number;
      readonly reason: string | undefined;
    }
  /** A client asked for content, and it was cached or not. */
  | { readonly kind: "pull"; readonly type: ContentType; readonly isHit: boolean }
  /** Bytes that came from an upstream. */
  | { readonly kind: "received"; readonly type: ContentType; readonly sizeBytes: number }
  /** Bytes that were sent to a client. */
  | { readonly kind: "sent"; readonly type: ContentType; readonly sizeBytes: number }
  /** The upstream could not answer, and cached content was served. */
  | { readonly kind: "stale"; readonly upstream: string; readonly name: string; readonly reason: string }
  /** An upstream sent something other than what was asked for; it was neither cached nor delivered whole. */
  | { readonly kind: "wrong"; readonly upstream: string; readonly what: string; readonly reason: string }
  /** Content was served without being cached. */
  | { readonly kind: "uncached"; readonly what: string; readonly reason: string }
  /** The credentials were not sent to a token server that is not bound to the upstream. */
  | { readonly kind: "unbound"; readonly upstream: string; readonly realm: string }
  /** How many pulls an upstream still allows. */
  | { readonly kind: "quota"; readonly upstream: string; readonly remaining: number };

/** Receives events. */
export type Report = (event: ProxyEvent) => void;
