// What the client reports: it neither logs nor counts by itself.

/** The kinds of content, in the words of distribution's metrics. */
export type ContentType = "manifest" | "blob";

/** Something that happened between this machine and a registry. */
export type ClientEvent =
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
  /** The credentials were not sent to a token server that is not bound to the upstream. */
  | { readonly kind: "unbound"; readonly upstream: string; readonly realm: string }
  /** How many pulls an upstream still allows. */
  | { readonly kind: "quota"; readonly upstream: string; readonly remaining: number };

/** Receives the events of a client. */
export type ClientReport = (event: ClientEvent) => void;
